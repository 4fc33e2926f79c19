"""A certificate for 127.0.0.1 that nobody vouches for."""

from __future__ import annotations

import subprocess
from pathlib import Path


def certificate(folder: Path) -> tuple[Path, Path]:
    """The files of a new one, and of its key."""
    made, key = folder / "certificate", folder / "key"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    more = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(made)]
    subprocess.run([*command.split(), *more, *files], check=True, capture_output=True)
    return made, key
