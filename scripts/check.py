"""Every check of `make test`: ruff, then two lines of work beside each other.

Most tests record, play or wait, which takes its time whatever the machine: two of them at once are
hardly slower than one. In front, and printed as it comes: the tests of recorder, browser and
command line. Beside them, printed at the end: the types, the front end's tests, and the tests in
`BESIDE`. A test that is in no list is in front. Each line has an engine and a desktop of its own.

    python scripts/check.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTEST = [sys.executable, "-m", "pytest"]
NPM = [str(ROOT / "scripts" / "npm.sh"), sys.executable]

BESIDE = [
    "tests/client",
    "tests/contract",
    "tests/engine",
    "tests/media",
    "tests/notebook",
    "tests/test_house.py",
]

LINT = [
    [sys.executable, "-m", "ruff", "check", "."],
    [sys.executable, "-m", "ruff", "format", "--check", "."],
]
SECOND = [
    [sys.executable, "-m", "mypy"],
    [*NPM, "run", "check"],
    [*NPM, "test"],
    [*PYTEST, *BESIDE],
]
FRONT = [*PYTEST, *(f"--ignore={path}" for path in BESIDE)]


def main() -> int:
    os.chdir(ROOT)
    missing = [path for path in BESIDE if not Path(path).exists()]
    if missing:
        sys.exit(f"scripts/check.py names tests that are not there: {', '.join(missing)}")
    for command in LINT:
        if subprocess.run(command, check=False).returncode:
            return 1
    with tempfile.TemporaryFile("w+") as said:
        beside = subprocess.Popen(
            [sys.executable, __file__, "--beside"], stdout=said, stderr=subprocess.STDOUT
        )
        try:
            front = subprocess.run(FRONT, check=False).returncode
            failed = beside.wait()
        finally:
            beside.kill()
        said.seek(0)
        print(f"\n{' beside them ':=^80}\n{said.read()}", flush=True)
    return front or failed


def second() -> int:
    failed = 0
    for command in SECOND:
        begun = time.monotonic()
        code = subprocess.run(command, check=False).returncode
        print(f"[{' '.join(command[:4])}: {time.monotonic() - begun:.0f} s]", flush=True)
        failed = failed or code
    return failed


if __name__ == "__main__":
    sys.exit(second() if "--beside" in sys.argv else main())
