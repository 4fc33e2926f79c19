"""What the engine answers with 501, and says what there is instead."""

from __future__ import annotations

from typing import Any

from videodb.meeting import Meeting
from videodb.rtstream import RTStreamIndex, RTStreamUnderstanding
from videodb.sandbox import Sandbox
from videodb.understanding import Understanding
from videodb.voice_clone import VoiceClone

from tests.contract.surface import Bench, not_offered, out_of_reach

MODEL = "needs a language model"
GENERATED = "no media is made out of prompts"
CLOUD = "part of VideoDB's cloud"
MEETING = "no bot joins meetings"

MEET = "https://meet.example.org/a"


def understanding(b: Bench) -> Understanding:
    return Understanding(
        b.sdk, b.video.id, understanding_id="und-1", analyzers=[{"name": "a", "type": "vlm"}]
    )


def stream_understanding(b: Bench) -> RTStreamUnderstanding:
    return RTStreamUnderstanding(b.sdk, understanding_id="und-1", rtstream_id=b.mic.id)


def stream_index(b: Bench) -> RTStreamIndex:
    return RTStreamIndex(b.sdk, index_id="idx-1", rtstream_id=b.mic.id)


def sandbox(b: Bench) -> Sandbox:
    return Sandbox(b.sdk, id="sbx-1")


def clone(b: Bench) -> VoiceClone:
    return VoiceClone(b.sdk, id="vc-1")


def meeting(b: Bench) -> Meeting:
    return Meeting(b.sdk, id="bot-1", collection_id="default")


not_offered(
    {
        "video.Video.ask": lambda b: b.video.ask("why?"),
        "video.Video.aggregate": lambda b: b.video.aggregate(),
        "video.Video.clip": lambda b: b.video.clip("the best", "spoken", "basic"),
        "collection.Collection.ask": lambda b: b.collection.ask("why?"),
        "collection.Collection.aggregate": lambda b: b.collection.aggregate(),
        "collection.Collection.generate_text": lambda b: b.collection.generate_text("a poem"),
        "video.Video.understand": lambda b: b.video.understand([{"type": "vlm"}]),
        "video.Video.get_understanding": lambda b: b.video.get_understanding("und-1"),
        "video.Video.list_understandings": lambda b: b.video.list_understandings(),
        "video.Video.delete_understanding": lambda b: b.video.delete_understanding("und-1"),
        "understanding.Understanding.refresh": lambda b: understanding(b).refresh(),
        "understanding.Understanding.wait_until_complete": lambda b: understanding(
            b
        ).wait_until_complete(),
        "understanding.Understanding.get_analyzer": lambda b: understanding(b).get_analyzer(
            "a", refresh=True
        ),
        "understanding.Understanding.get_analyzer_output": lambda b: understanding(
            b
        ).get_analyzer_output("a"),
        "understanding.Understanding.delete": lambda b: understanding(b).delete(),
        "understanding.UnderstandingAnalyzer.refresh": lambda b: (
            understanding(b).analyzers[0].refresh()
        ),
        "understanding.UnderstandingAnalyzer.wait_until_complete": lambda b: (
            understanding(b).analyzers[0].wait_until_complete()
        ),
        "understanding.UnderstandingAnalyzer.get_output": lambda b: (
            understanding(b).analyzers[0].get_output()
        ),
        "rtstream.RTStream.understand": lambda b: b.mic.understand(),
        "rtstream.RTStream.get_understanding": lambda b: b.mic.get_understanding("und-1"),
        "rtstream.RTStream.list_understanding": lambda b: b.mic.list_understanding(),
        "rtstream.RTStreamUnderstanding.refresh": lambda b: stream_understanding(b).refresh(),
        "rtstream.RTStreamUnderstanding.start": lambda b: stream_understanding(b).start(),
        "rtstream.RTStreamUnderstanding.stop": lambda b: stream_understanding(b).stop(),
        "rtstream.RTStreamUnderstanding.get_records": lambda b: stream_understanding(b).get_records(
            0, 1
        ),
        "rtstream.RTStream.index": lambda b: b.mic.index({"understanding_id": "und-1"}),
        "rtstream.RTStream.get_index": lambda b: b.mic.get_index("idx-1"),
        "rtstream.RTStream.list_indexes": lambda b: b.mic.list_indexes(),
        "rtstream.RTStreamIndex.refresh": lambda b: stream_index(b).refresh(),
        "rtstream.RTStreamIndex.start": lambda b: stream_index(b).start(),
        "rtstream.RTStreamIndex.stop": lambda b: stream_index(b).stop(),
        "rtstream.RTStreamIndex.get_records": lambda b: stream_index(b).get_records(),
        "rtstream.RTStreamIndex.create_alert": lambda b: stream_index(b).create_alert(
            "evt-1", "http://127.0.0.1:1"
        ),
        "rtstream.RTStreamIndex.list_alerts": lambda b: stream_index(b).list_alerts(),
        "rtstream.RTStreamIndex.enable_alert": lambda b: stream_index(b).enable_alert("al-1"),
        "rtstream.RTStreamIndex.disable_alert": lambda b: stream_index(b).disable_alert("al-1"),
    },
    note=MODEL,
)


def _understands(b: Bench) -> Any:
    return b.video.understand([{"type": "vlm"}])


out_of_reach(
    _understands,
    [
        f"understanding.Understanding.{name}"
        for name in (
            "is_complete",
            "is_successful",
            "create_analyzer",
            "update_from_response",
            "list_analyzers",
        )
    ]
    + [
        f"understanding.UnderstandingAnalyzer.{name}"
        for name in ("is_complete", "is_successful", "to_index_source")
    ],
    note=f"`understand` {MODEL}",
)

not_offered(
    {
        "collection.Collection.generate_image": lambda b: b.collection.generate_image("a cat"),
        "collection.Collection.generate_music": lambda b: b.collection.generate_music("calm"),
        "collection.Collection.generate_sound_effect": lambda b: b.collection.generate_sound_effect(
            "rain"
        ),
        "collection.Collection.generate_voice": lambda b: b.collection.generate_voice("hello"),
        "collection.Collection.generate_video": lambda b: b.collection.generate_video("a cat"),
        "collection.Collection.dub_video": lambda b: b.collection.dub_video(b.video.id, "de"),
        "collection.Collection.create_voice_clone": lambda b: b.collection.create_voice_clone(
            b.audio.id
        ),
        "collection.Collection.get_voice_clone": lambda b: b.collection.get_voice_clone("vc-1"),
        "collection.Collection.list_voice_clones": lambda b: b.collection.list_voice_clones(),
        "collection.Collection.delete_voice_clone": lambda b: b.collection.delete_voice_clone(
            "vc-1"
        ),
        "client.Connection.create_voice_clone": lambda b: b.sdk.create_voice_clone(b.audio.id),
        "client.Connection.get_voice_clone": lambda b: b.sdk.get_voice_clone("vc-1"),
        "client.Connection.list_voice_clones": lambda b: b.sdk.list_voice_clones(),
        "client.Connection.delete_voice_clone": lambda b: b.sdk.delete_voice_clone("vc-1"),
        "voice_clone.VoiceClone.refresh": lambda b: clone(b).refresh(),
        "voice_clone.VoiceClone.delete": lambda b: clone(b).delete(),
    },
    note=GENERATED,
)
not_offered(
    {"video.Video.translate_transcript": lambda b: b.video.translate_transcript("de")},
    note="transcripts stay in the language that was spoken",
)
not_offered(
    {
        "video.Video.reframe": lambda b: b.video.reframe(),
        "video.Video.smart_vertical_reframe": lambda b: b.video.smart_vertical_reframe(),
    },
    note="a portrait `editor.Timeline` with `Fit.crop` does it",
)
not_offered(
    {
        "client.Connection.get_invoices": lambda b: b.sdk.get_invoices(),
        "client.Connection.create_sandbox": lambda b: b.sdk.create_sandbox(),
        "client.Connection.get_sandbox": lambda b: b.sdk.get_sandbox("sbx-1"),
        "client.Connection.list_sandboxes": lambda b: b.sdk.list_sandboxes(),
        "sandbox.Sandbox.refresh": lambda b: sandbox(b).refresh(),
        "sandbox.Sandbox.wait_for_ready": lambda b: sandbox(b).wait_for_ready(),
        "sandbox.Sandbox.stop": lambda b: sandbox(b).stop(),
        "sandbox.Sandbox.wait_for_stop": lambda b: sandbox(b).wait_for_stop(),
    },
    note=CLOUD,
)
out_of_reach(
    lambda b: b.sdk.create_sandbox(),
    ["sandbox.Sandbox.is_active", "sandbox.Sandbox.is_ready"],
    note=CLOUD,
)
not_offered(
    {"client.Connection.youtube_search": lambda b: b.sdk.youtube_search("cats")},
    note="the engine works offline",
)
not_offered(
    {
        "client.Connection.transcode": lambda b: b.sdk.transcode("http://x", "http://y"),
        "client.Connection.get_transcode_details": lambda b: b.sdk.get_transcode_details("t-1"),
    },
    note="`video.download()` gives an MP4",
)
not_offered(
    {
        "client.Connection.record_meeting": lambda b: b.sdk.record_meeting(MEET),
        "client.Connection.get_meeting": lambda b: b.sdk.get_meeting("bot-1"),
        "collection.Collection.record_meeting": lambda b: b.collection.record_meeting(MEET),
        "collection.Collection.get_meeting": lambda b: b.collection.get_meeting("bot-1"),
        "video.Video.get_meeting": lambda b: b.video.get_meeting(),
        "meeting.Meeting.refresh": lambda b: meeting(b).refresh(),
        "meeting.Meeting.wait_for_status": lambda b: meeting(b).wait_for_status("done"),
    },
    note=MEETING,
)
out_of_reach(
    lambda b: b.sdk.record_meeting(MEET),
    ["meeting.Meeting.is_active", "meeting.Meeting.is_completed"],
    note=MEETING,
)
