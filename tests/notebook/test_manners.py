"""What objects show of themselves in a kernel, and so what a saved notebook holds of them."""

from __future__ import annotations

import base64
import json
import re

import pytest

from tests.conftest import Recorded

from .conftest import Kernel

PICTURE = re.compile(r"data:image/jpeg;base64,[A-Za-z0-9+/=]+")
SETUP = """
import jupyter_capture as jc
from jupyter_capture import editor
connection = jc.connect()
video = connection.get_collection().get_video({video!r})
video.index_spoken_words(show_progress=False)
found = video.search("channel:mic budget")
session = connection.get_capture_session({session!r})
timeline = editor.Timeline(connection)
track = editor.Track()
track.add_clip(0, editor.Clip(editor.VideoAsset(video.id), 2))
timeline.add_track(track)
timeline.generate_stream()
words = video.get_transcript(segmenter="sentence")
"""
OBJECTS = ("video", "found[0]", "found", "session", "timeline", "words")


@pytest.fixture
def objects(kernel: Kernel, recorded: Recorded) -> Kernel:
    ids = {"video": recorded.session.exported_video_id, "session": recorded.session.id}
    assert kernel.run(SETUP.format(**ids)).errors == []
    return kernel


def test_every_object_shows_itself_as_text_and_as_html_that_a_notebook_can_keep(
    objects: Kernel,
) -> None:
    for name in OBJECTS:
        (bundle,) = objects.run(name).shown
        assert set(bundle) == {"text/plain", "text/html"}
        html = bundle["text/html"]
        for picture in PICTURE.findall(html):
            assert len(picture) < 40_000
            assert base64.b64decode(picture.partition(",")[2]).startswith(b"\xff\xd8")
        told = json.dumps(bundle)
        for secret in ("<script", "http:", "/stream/", "stm-", "ticket"):
            assert secret not in PICTURE.sub("", told)
    with_pictures = [name for name in ("video", "found[0]", "found") if _picture(objects, name)]
    assert with_pictures == ["video", "found[0]", "found"]


def test_without_posters_words_alone_are_shown(objects: Kernel) -> None:
    objects.run(
        "import os\n"
        "os.environ['JUPYTER_CAPTURE_POSTERS'] = 'false'\n"
        "connection.posters = jc.connect().posters"
    )
    assert objects.run("print(connection.posters)").out == "False\n"
    for name in ("video", "found[0]", "found"):
        (bundle,) = objects.run(name).shown
        assert "<img" not in bundle["text/html"]
        assert bundle["text/html"]


def test_a_transcript_reads_as_lines_with_their_times(objects: Kernel) -> None:
    (bundle,) = objects.run("words").shown
    assert re.match(r" *0:0\d\.\d  .*budget", bundle["text/plain"])
    assert "<td" in bundle["text/html"]
    assert (
        objects.run("print(isinstance(words, list), words[0]['text'] != '')").out == "True True\n"
    )


def _picture(kernel: Kernel, name: str) -> bool:
    (bundle,) = kernel.run(name).shown
    return bool(PICTURE.search(bundle["text/html"]))
