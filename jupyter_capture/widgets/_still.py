"""What a saved notebook shows where a widget was: a picture and words, and no error.

A front end that knows widgets draws them before HTML, also where their kernel is gone; then it
says that the model was not found. So the still is an output of its own before the widget's. The
rules that come with it hide the still while the widget beside it lives, and the error when it
does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from IPython.display import publish_display_data

WIDGET = "application/vnd.jupyter.widget-view+json"

# A widget that lives marks its element with jc-live.
_RULES = (
    "<style>"
    ".jp-OutputArea-child:has(.jc-still):has(+ .jp-OutputArea-child .jc-live),"
    ".jp-OutputArea-child:has(.jc-still) + .jp-OutputArea-child:not(:has(.jc-live))"
    "{display:none}</style>"
)


def still_html(html: str) -> str:
    """``html`` as it stands in for a widget; it holds no script and no address."""
    return f'<div class="jc-still">{html}</div>{_RULES}'


def picture_html(title: str, poster: str) -> str:
    picture = f'<img src="{escape(poster)}" alt="" style="max-width:100%">' if poster else ""
    return f"<figure style='margin:0'>{picture}<div>{escape(title or 'Video')}</div></figure>"


def show_with_still(bundle: Mapping[str, Any], still: Mapping[str, str]) -> None:
    """Display ``still``, then the widget's ``bundle``: two outputs."""
    html = still.get("text/html", "")
    _publish({"text/plain": still["text/plain"], "text/html": still_html(html)})
    # A viewer that shows no widget finds nothing in the second that it has not shown already.
    _publish({WIDGET: bundle[WIDGET], "text/html": ""})


def _publish(bundle: dict[str, Any]) -> None:
    publish_display_data(bundle)  # type: ignore[no-untyped-call]
