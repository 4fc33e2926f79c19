"""What people, transcripts, screens and files say is text wherever it is shown, never markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
from engine_harness import App
from stock import clip, numbered, sentence, tone

from jupyter_capture import editor
from jupyter_capture.client import _display
from jupyter_capture.client._http import Http
from jupyter_capture.client.audio import Audio
from jupyter_capture.client.connection import Connection
from jupyter_capture.client.search import SearchResult
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.client.transcript import Transcript
from jupyter_capture.client.video import Video
from jupyter_capture.widgets._still import picture_html
from jupyter_capture.widgets.overview import _line

EVIL = (
    "<img src=x onerror=alert(1)>\"'><script>alert(1)</script></script></title></td></pre>"
    "<svg/onload=alert(1)>&lt;script&gt;{{7*7}}<a href=javascript:alert(1)>-->]]><!--"
)
SOURCES = Path(__file__).parents[2] / "labextension" / "src"
OF_PAGES = {"html", "head", "body", "meta", "title", "link", "script", "main", "h1", "div",
            "noscript", "p", "a", "span", "kbd"}  # fmt: skip
PLAIN = {"div", "span", "table", "tr", "td", "b", "mark", "pre", "img", "figure", "code"}
_SINKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser"
    r"|srcdoc|\beval\(|new Function|setHTMLUnsafe|dangerously"
)


class Markup(HTMLParser):
    """The elements of some HTML, and all text in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def runs(self) -> list[tuple[str, str]]:
        """What would run, or fetch, something."""
        links = ("src", "href", "action", "formaction", "xlink:href", "srcset")
        return [
            (name, value)
            for name, value in self.attributes
            if name.startswith("on") or (name in links and not value.startswith(("data:", "/")))
        ]


def test_what_a_notebook_shows_of_our_objects_holds_no_element_that_was_not_ours() -> None:
    nowhere = Http("http://x", transport=httpx.MockTransport(lambda _: httpx.Response(404)))
    with Connection(nowhere, posters=False) as connection:
        shot = {"start": 1, "end": 2, "text": EVIL, "score": 0.5, "metadata": {"channel": EVIL}}
        hits = [
            {"video_id": "m-1", "collection_id": "c", "length": 9, "title": EVIL, "docs": [shot]}
        ]
        results = SearchResult(connection, EVIL, results=hits, warnings=[EVIL])
        cells = [{**hits[0], "docs": [{**shot, "metadata": {"channel": "notebook:cells"}}]}]
        timeline = editor.Timeline(connection)
        track = editor.Track()
        track.add_clip(0, editor.Clip(editor.TextAsset(EVIL), 2))
        timeline.add_track(track)
        session = CaptureSession(connection, EVIL, "default")
        channel = {"channel_id": EVIL, "name": EVIL, "type": "audio", "store": True}
        session._update({"status": EVIL, "channels": [channel], "warnings": [EVIL], "error": EVIL})
        shown = [
            Video(connection, id="m-1", collection_id="c", name=EVIL, length=3.0),
            Audio(connection, id="a-1", collection_id="c", name=EVIL, length=3.0),
            results, results[0], SearchResult(connection, EVIL, results=[]),
            SearchResult(connection, EVIL, results=cells),
            Transcript([{"start": 0, "end": 1, "text": EVIL, "channel": EVIL}]), timeline, session,
        ]  # fmt: skip
        htmls = [each._repr_mimebundle_()["text/html"] for each in shown]
    htmls += [_display.note_html(EVIL), _line(EVIL), picture_html(EVIL, "")]
    for html in htmls:
        found = Markup(html)
        assert set(found.tags) <= PLAIN, html
        assert not found.runs, html
    assert sum(EVIL in Markup(html).text for html in htmls) >= 8  # it is shown, as it is


async def test_names_and_words_are_text_on_the_engines_pages_and_in_its_files(app: App) -> None:
    made = clip(
        app.services, name=EVIL, pictures=numbered(3), sound=tone(3), seconds=3,
        said=[sentence(EVIL, 0.5, 2.5)],
    )  # fmt: skip
    async with app.local as local, app.tcp as client:
        video = (await local.get(f"/video/{made}")).json()["data"]
        assert video["name"] == EVIL
        for page in ("watch", "embed"):
            shown = await client.get(video["player_url"].replace("/watch", f"/{page}"))
            found = Markup(shown.text)
            assert shown.text.count("<script") == 1
            assert set(found.tags) <= OF_PAGES
            assert not found.runs
        stream = video["stream_url"].rpartition("/")[0]
        captions = (await client.get(f"{stream}/captions.vtt")).text
        assert "<" not in captions.replace("-->", "")
        asked = {"stream_link": video["stream_url"], "name": EVIL, "format": "html"}
        saved = (await local.post("/download", json=asked)).json()["data"]
        file = await client.get(saved["download_url"])
        assert file.headers["content-disposition"].startswith("attachment")
        assert '"' not in file.headers["content-disposition"].partition('filename="')[2][:-1]
        body = re.sub(r'<script id="film".*?</script>', "", file.text, flags=re.DOTALL)
        assert body.count("<script") == 2  # the page's data, and its own program
        assert not Markup(body).runs
        missing = await client.get(f"/watch?v={EVIL}", headers={"accept": "text/html"})
        assert missing.status_code == 401
        assert "<script" not in missing.text


async def test_an_answer_of_the_api_is_never_taken_for_a_page(app: App) -> None:
    async with app.local as client:
        answer = await client.get(f"/video/{EVIL.replace('/', '')[:60]}")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_front_end_makes_no_markup_of_text() -> None:
    found: list[Any] = [
        (path.name, match[0])
        for path in SOURCES.rglob("*.ts*")
        if not path.name.endswith(".test.ts")
        for match in _SINKS.finditer(path.read_text())
    ]
    assert not found
    assert len(list(SOURCES.rglob("*.ts"))) > 50
