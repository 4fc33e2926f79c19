"""The calls of VideoDB's API that this engine does not offer. Each says so, and what there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from fastapi import APIRouter

from jupyter_capture.errors import NotOfferedError

router = APIRouter(tags=["not offered"])

_MODEL = "It needs a language model, which this engine does not bring. "
_SEARCH = "search() finds what was said, and results.compile() joins the shots."
_GENERATED = "This engine makes no media out of prompts. Upload a file with upload() instead."
_WORDS = (
    "It is an index of an understanding, which needs a language model. index_spoken_words() "
    "indexes what was said."
)
_OWN = "It belongs to VideoDB's cloud; connect(api_key=…) speaks with that."

_NOT_OFFERED: dict[str, tuple[str, list[str]]] = {
    "POST /video/{id}/ask": ("ask", [_MODEL, _SEARCH]),
    "POST /collection/{id}/ask": ("ask", [_MODEL, _SEARCH]),
    "POST /video/{id}/aggregate": ("aggregate", [_MODEL, _SEARCH]),
    "POST /collection/{id}/aggregate": ("aggregate", [_MODEL, _SEARCH]),
    "POST /video/{id}/clip": ("clip", [_MODEL, _SEARCH]),
    "POST /video/{id}/reframe": (
        "reframe",
        ["A timeline with a portrait resolution and Fit.crop does it."],
    ),
    "GET /video/{id}/meeting": ("get_meeting", ["No bot joins meetings here. ", _OWN]),
    "POST /video/{id}/understand": ("understand", [_MODEL, _SEARCH]),
    "GET /video/{id}/understand": ("list_understandings", [_MODEL]),
    "GET /video/{id}/understand/{item}": ("get_understanding", [_MODEL]),
    "DELETE /video/{id}/understand/{item}": ("delete_understanding", [_MODEL]),
    "POST /video/{id}/scene/{item}/describe": ("describe", [_MODEL]),
    "POST /video/{id}/frame/{item}/describe": ("describe", [_MODEL]),
    "POST /collection/{id}/video/{item}/translate": (
        "translate_transcript",
        ["Transcripts are kept in the language that was spoken."],
    ),
    "POST /collection/{id}/generate/image": ("generate_image", [_GENERATED]),
    "POST /collection/{id}/generate/audio": ("generate_audio", [_GENERATED]),
    "POST /collection/{id}/generate/video": ("generate_video", [_GENERATED]),
    "POST /collection/{id}/generate/video/dub": ("dub_video", [_GENERATED]),
    "POST /collection/{id}/generate/text": ("generate_text", [_MODEL, _SEARCH]),
    "POST /collection/{id}/meeting/record": (
        "record_meeting",
        ["No bot joins meetings here. Record the meeting's window and sound with a session."],
    ),
    "GET /collection/{id}/meeting/{item}": ("get_meeting", ["No bot joins meetings here. ", _OWN]),
    "POST /collection/{id}/search/web": ("youtube_search", ["This engine works offline."]),
    "GET /billing/invoices": ("get_invoices", ["Nothing is charged here. check_usage() works."]),
    "POST /transcode": ("transcode", ["video.save() writes an MP4."]),
    "GET /transcode/{id}": ("get_transcode_details", ["video.save() writes an MP4."]),
    "POST /rtstream/{id}/understand": ("understand", [_MODEL, _SEARCH]),
    "GET /rtstream/{id}/understand": ("list_understanding", [_MODEL]),
    "GET /rtstream/{id}/understand/{item}": ("get_understanding", [_MODEL]),
    "PATCH /rtstream/{id}/understand/{item}/status": ("understanding", [_MODEL]),
    "GET /rtstream/{id}/understand/{item}/records": ("understanding.get_records", [_MODEL]),
    "GET /video/{id}/understand/{item}/analyzers/{name}/output": (
        "get_analyzer_output",
        [_MODEL],
    ),
    "POST /rtstream/{id}/indexes": ("rtstream.index", [_WORDS]),
    "GET /rtstream/{id}/indexes": ("rtstream.list_indexes", [_WORDS]),
    "GET /rtstream/{id}/indexes/{item}": ("rtstream.get_index", [_WORDS]),
    "PATCH /rtstream/{id}/indexes/{item}/status": ("index.start and index.stop", [_WORDS]),
    "GET /rtstream/{id}/indexes/{item}/records": ("index.get_records", [_WORDS]),
    "POST /rtstream/{id}/indexes/{item}/alert": ("index.create_alert", [_WORDS]),
    "GET /rtstream/{id}/indexes/{item}/alert": ("index.list_alerts", [_WORDS]),
    "PATCH /rtstream/{id}/indexes/{item}/alert/{alert}/status": (
        "index.enable_alert and index.disable_alert",
        [_WORDS],
    ),
    "POST /sandbox": ("create_sandbox", [_OWN]),
    "GET /sandbox": ("list_sandboxes", [_OWN]),
    "GET /sandbox/{id}": ("get_sandbox", [_OWN]),
    "POST /sandbox/{id}/{item}": ("sandbox", [_OWN]),
    "DELETE /sandbox/{id}": ("sandbox.stop", [_OWN]),
    "POST /voice_clone": ("clone_voice", [_GENERATED]),
    "GET /voice_clone": ("list_voice_clones", [_GENERATED]),
    "GET /voice_clone/{id}": ("get_voice_clone", [_GENERATED]),
    "DELETE /voice_clone/{id}": ("delete_voice_clone", [_GENERATED]),
    "POST /rtstream": (
        "connect_rtstream",
        ["Streams come from capture sessions here; RTSP addresses are not read."],
    ),
}


def _refuse(call: str, instead: list[str]) -> Callable[[], NoReturn]:
    def answer() -> NoReturn:
        raise NotOfferedError(f"{call} is not offered by the local engine. {''.join(instead)}")

    return answer


for _route, (_call, _instead) in _NOT_OFFERED.items():
    _method, _path = _route.split(" ")
    router.add_api_route(
        _path,
        _refuse(_call, _instead),
        methods=[_method],
        status_code=501,
        name=f"{_call} (not offered)",
        response_model=None,
    )
