"""Where the caller sits: a notebook, an interactive terminal, or a script."""

from __future__ import annotations

import sys
from typing import Literal

FrontEnd = Literal["notebook", "terminal", "script"]


def front_end() -> FrontEnd:
    """Never imports IPython: where it is in use, it is imported already."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None:
        return "notebook" if getattr(shell, "kernel", None) is not None else "terminal"
    return "terminal" if hasattr(sys, "ps1") or sys.flags.interactive else "script"
