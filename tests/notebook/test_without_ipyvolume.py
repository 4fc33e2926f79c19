"""Who has taken ipyvolume out of an installation is told so by the only widget that needs it."""

from __future__ import annotations

import sys

import pytest

from jupyter_capture.errors import NotOfferedError
from jupyter_capture.widgets import overview


def test_an_overview_without_ipyvolume_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipyvolume", None)
    with pytest.raises(NotOfferedError, match="pip install ipyvolume"):
        overview._ipyvolume()
