"""The pages that play a stream: ``/watch`` for a person, ``/embed`` for an iframe; and
``/record``, on which a browser records. Pure text.

They hold no script of their own, so that the policy in :func:`page_headers` can forbid every
inline one: what the player needs stands in ``data-`` attributes. Nothing comes from elsewhere, so
they work offline.
"""

from __future__ import annotations

from html import escape
from urllib.parse import quote

_SHORTCUTS = (
    ("Space", "play and pause"),
    ("← →", "5 seconds"),
    (", .", "one frame"),
    ("F", "full screen"),
    ("M", "mute"),
)

_NO_SCRIPT = (
    "<noscript><p>This player needs JavaScript. Without it, open the stream in a player that "
    'knows HLS, such as VLC: <a href="{src}">{src}</a></p></noscript>'
)

_REFUSED = "This link does not play"
_LINKS = (
    "Links to recordings last as long as what they play, and an hour. Whoever made this one can "
    "make another: play it again in the notebook, or save it as a file to send."
)


def watch_page(token: str, title: str, embed: bool = False, *, base: str = "") -> str:
    """HTML that plays ``/stream/<token>/master.m3u8``.

    ``title`` is shown as text, whatever it holds. ``base`` is the path under which the engine is
    reached ("" at its own port, without a slash at the end). The player takes a start time from
    ``#t=`` or ``?t=`` in the page's address: ``75``, ``1:15`` or ``1m15s``.
    """
    root = escape(base, quote=True)
    src = f"{root}/stream/{quote(token, safe='.-_')}/master.m3u8"
    name = escape(title, quote=True)
    no_script = _NO_SCRIPT.format(src=src)
    if embed:
        body = (
            f'<body class="embed">\n<div id="player" data-src="{src}" data-title="{name}">'
            f"{no_script}</div>\n</body>"
        )
    else:
        keys = "".join(f"<span><kbd>{key}</kbd> {what}</span>" for key, what in _SHORTCUTS)
        body = (
            f'<body>\n<main class="page">\n<h1>{name}</h1>\n<div id="player" data-src="{src}">'
            f'{no_script}</div>\n<p class="keys">{keys}</p>\n</main>\n</body>'
        )
    script = f'<script type="module" src="{root}/static/watch.js"></script>\n'
    return _document(name, root, script, body)


def refusal_page(said: str, embed: bool = False, *, base: str = "") -> str:
    """HTML that says calmly why nothing plays. ``said``: the engine's message, whose first
    sentence says that; the rest is advice for who calls the API."""
    root = escape(base, quote=True)
    why = said.partition(". ")[0].removesuffix(".") + "."
    kind = ' class="embed"' if embed else ""
    body = (
        f'<body{kind}>\n<main class="page refusal">\n<h1>{_REFUSED}</h1>\n'
        f"<p>{escape(why)}</p>\n<p>{_LINKS}</p>\n</main>\n</body>"
    )
    return _document(_REFUSED, root, "", body)


def record_page(*, base: str = "") -> str:
    """HTML on which a browser shares its screen, microphone and camera with a session, which the
    address names after its ``#``; else with a new one."""
    root = escape(base, quote=True)
    body = (
        '<body>\n<main class="page record">\n<h1>Record in this browser</h1>\n'
        f'<div id="record" data-root="{root}"></div>\n'
        "<noscript><p>Recording needs JavaScript.</p></noscript>\n</main>\n</body>"
    )
    sheet = f'<link rel="stylesheet" href="{root}/static/record.css">\n'
    script = f'<script type="module" src="{root}/static/record.js"></script>\n'
    return _document("Record", root, sheet + script, body)


def _document(name: str, root: str, script: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{name}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{root}/static/player.css">
<link rel="stylesheet" href="{root}/static/watch.css">
{script}</head>
{body}
</html>
"""


def page_headers(embed: bool = False, *, records: bool = False) -> dict[str, str]:
    """Headers to send with :func:`watch_page` and (``records``) :func:`record_page`. ``/embed`` may
    be framed, the others may not.

    The address holds a ticket: it is neither cached nor passed on as a referrer.
    """
    policy = [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "media-src 'self' blob: data:",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    if records:
        policy.append("worker-src blob:")  # a timer that is not slowed down in the background
    if not embed:
        policy.append("frame-ancestors 'none'")
    return {
        "content-security-policy": "; ".join(policy),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
