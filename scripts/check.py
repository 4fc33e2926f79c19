"""Every check of `make test`: ruff, then two lines of work beside each other.

In front, and printed as it comes: the tests that record, play and show, which take their time
whatever the machine. Beside them, a little niced and printed at the end: what only computes, namely
the types, the front end's tests, and the tests in `BESIDE`. A test that is in no list is in front.

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
    "tests/contract/test_schema.py",
    "tests/contract/test_sdk_surface.py",
    "tests/contract/test_upload.py",
    "tests/contract/test_wire.py",
    "tests/media",
    "tests/test_house.py",
]

LINT = [
    [sys.executable, "-m", "ruff", "check", "."],
    [sys.executable, "-m", "ruff", "format", "--check", "."],
]
COMPUTING = [
    [sys.executable, "-m", "mypy"],
    [*NPM, "run", "check"],
    [*NPM, "test"],
    [*PYTEST, "-q", *BESIDE],
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


def compute() -> int:
    if hasattr(os, "nice"):
        os.nice(5)
    failed = 0
    for command in COMPUTING:
        begun = time.monotonic()
        code = subprocess.run(command, check=False).returncode
        print(f"[{' '.join(command[:4])}: {time.monotonic() - begun:.0f} s]", flush=True)
        failed = failed or code
    return failed


if __name__ == "__main__":
    sys.exit(compute() if "--beside" in sys.argv else main())
