"""A film as one HTML file, to send to somebody: nothing else is needed to play it.

It holds the film, its subtitles, its chapters and what is said; its policy lets nothing be loaded.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from html import escape
from pathlib import Path

from jupyter_capture.media.chapters import Chapter
from jupyter_capture.media.plan import TICKS
from jupyter_capture.media.webvtt import Line

_BLOCK = 3 << 18  # a multiple of three, so that blocks of base64 join
_POLICY = (
    "default-src 'none'; media-src blob:; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
:root {{ --paper: #f6f7f9; --card: #fff; --ink: #1d2129; --quiet: #5f6875; --line: #dfe3e8;
  --accent: #2f6fde; }}
@media (prefers-color-scheme: dark) {{ :root {{ --paper: #101318; --card: #171a20; --ink: #e8eaee;
  --quiet: #9aa3b0; --line: #2b3038; --accent: #6aa1ff; }} }}
* {{ box-sizing: border-box; }}
body {{ margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }}
main {{ max-width: 960px; margin: 0 auto; padding: 28px 16px 48px; }}
h1 {{ margin: 0 0 14px; font-size: 20px; line-height: 1.3; overflow-wrap: anywhere; }}
h2 {{ margin: 26px 0 8px; font-size: 13px; font-weight: 600; color: var(--quiet); }}
video {{ display: block; width: 100%; max-height: 76vh; border-radius: 10px; background: #000; }}
audio {{ display: block; width: 100%; }}
ol {{ margin: 0; padding: 6px; list-style: none; border: 1px solid var(--line);
  border-radius: 10px; background: var(--card); max-height: 320px; overflow: auto; }}
button {{ display: flex; gap: 14px; width: 100%; padding: 5px 10px; border: 0; border-radius: 6px;
  background: none; color: inherit; font: inherit; text-align: left; cursor: pointer; }}
button:hover, button:focus-visible {{ background: var(--paper); outline: none; }}
button[aria-current="true"] {{ color: var(--accent); }}
time {{ flex: none; min-width: 48px; color: var(--quiet); font-variant-numeric: tabular-nums; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<{tag} controls playsinline></{tag}>
<section id="chapters" hidden><h2>Chapters</h2><ol></ol></section>
<section id="lines" hidden><h2>What is said</h2><ol></ol></section>
<noscript><p>This page needs JavaScript to play what it holds.</p></noscript>
</main>
<script id="data" type="application/json">{data}</script>
<script id="film" type="text/plain">"""

_TAIL = """</script>
<script>
"use strict";
const {chapters, lines, type} = JSON.parse(document.getElementById("data").textContent);
const media = document.querySelector("video, audio");
const film = document.getElementById("film");
const text = film.textContent;
const step = 1 << 20;
const parts = [];
for (let at = 0; at < text.length; at += step) {
  const raw = atob(text.slice(at, at + step));
  const part = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) part[i] = raw.charCodeAt(i);
  parts.push(part);
}
film.remove();
media.src = URL.createObjectURL(new Blob(parts, {type}));

if (lines.length && media instanceof HTMLVideoElement) {
  const track = media.addTextTrack("captions", "Captions");
  const safe = (words) => words.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  for (const [start, end, words] of lines) track.addCue(new VTTCue(start, end, safe(words)));
  track.mode = "disabled";
}

const two = (n) => String(n).padStart(2, "0");
const clock = (s) => {
  const [h, m, r] = [Math.floor(s / 3600), Math.floor(s / 60) % 60, Math.floor(s) % 60];
  return h ? `${h}:${two(m)}:${two(r)}` : `${m}:${two(r)}`;
};
const list = (id, rows) => {
  const section = document.getElementById(id);
  section.hidden = !rows.length;
  const made = rows.map(([start, words]) => {
    const time = document.createElement("time");
    time.textContent = clock(start);
    const row = document.createElement("button");
    row.append(time, words);
    row.addEventListener("click", () => {
      media.currentTime = start;
      void media.play();
    });
    const item = document.createElement("li");
    item.append(row);
    section.querySelector("ol").append(item);
    return {start, row};
  });
  media.addEventListener("timeupdate", () => {
    const now = made.findLast((each) => each.start <= media.currentTime + 0.05);
    for (const each of made) each.row.setAttribute("aria-current", String(each === now));
  });
};
list("chapters", chapters);
list("lines", lines.map(([start, , words]) => [start, words.replace(/\\n/g, " ")]));
</script>
</body>
</html>
"""


def write_page(
    path: Path,
    film: Path,
    title: str,
    lines: Sequence[Line],
    chapters: Sequence[Chapter],
    *,
    picture: bool,
) -> None:
    """``film`` is an MP4 file; without a ``picture`` it is only heard."""
    data = {
        "chapters": [[round(each.start / TICKS, 3), each.title] for each in chapters],
        "lines": [[round(each.start, 3), round(each.end, 3), each.text] for each in lines],
        "type": "video/mp4" if picture else "audio/mp4",
    }
    # Within a script nothing may look like its end.
    said = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    head = _HEAD.format(
        policy=_POLICY, title=escape(title), tag="video" if picture else "audio", data=said
    )
    with path.open("w", encoding="utf-8") as out, film.open("rb") as source:
        out.write(head)
        while block := source.read(_BLOCK):
            out.write(base64.b64encode(block).decode())
        out.write(_TAIL)
