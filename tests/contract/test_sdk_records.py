"""VideoDB's own quickstart with its own SDK: on Linux, offline."""

from __future__ import annotations

import pytest
import videodb
from videodb.exceptions import AuthenticationError, InvalidRequestError

from tests.contract.conftest import SdkSession, Served


def test_it_records_and_the_session_is_exported(sdk_session: SdkSession) -> None:
    session = sdk_session.session
    assert session.status == "exported"
    assert session.exported_video_id.startswith("m-")
    names = [event["event"] for event in sdk_session.events]
    assert names == ["recording:started", "recording:stopped"]


def test_the_webhook_names_the_video(sdk_session: SdkSession) -> None:
    exported = [body for body in sdk_session.webhooks if body["status"] == "exported"]
    assert len(exported) == 1
    assert exported[0]["data"]["exported_video_id"] == sdk_session.session.exported_video_id
    assert [body["sequence"] for body in sorted(sdk_session.webhooks, key=lambda b: b["sequence"])]


def test_channels_and_streams_are_as_they_were_asked_for(sdk_session: SdkSession) -> None:
    kept = {channel.id: channel.store for channel in sdk_session.session.channels}
    assert kept == {"display:1": True, "mic:default": True, "system_audio:default": False}
    assert sdk_session.session.primary_video_channel_id == "display:1"
    for category in ("mic", "screen", "system_audio"):
        assert len(sdk_session.session.get_rtstream(category)) == 1


def test_each_kept_stream_exports_its_raw_asset(
    sdk: videodb.Connection, sdk_session: SdkSession
) -> None:
    mic = sdk_session.session.get_rtstream("mic")[0].export()
    screen = sdk_session.session.get_rtstream("screen")[0].export()
    assert mic.video_id.startswith("a-")
    assert screen.video_id.startswith("m-")
    assert sdk.get_collection().get_audio(mic.video_id).length == pytest.approx(mic.duration)


def test_a_live_only_stream_has_nothing_to_export(sdk_session: SdkSession) -> None:
    with pytest.raises(InvalidRequestError, match="live only"):
        sdk_session.session.get_rtstream("system_audio")[0].export()


def test_the_export_is_told_again(sdk_session: SdkSession) -> None:
    answer = sdk_session.session.export()
    assert answer["export_status"] == "exported"
    assert answer["video_id"] == sdk_session.session.exported_video_id
    assert answer["stream_url"].endswith("master.m3u8")


def test_what_was_said_is_found_and_streams(
    sdk: videodb.Connection, sdk_session: SdkSession
) -> None:
    video = sdk.get_collection().get_video(sdk_session.session.exported_video_id)
    video.index_spoken_words()
    text = video.get_transcript_text().lower()
    assert "budget" in text
    assert "hiring" in text
    assert "paused" not in text
    shots = video.search("budget discussion").shots
    assert "budget" in shots[0].text.lower()
    assert shots[0].generate_stream().endswith("master.m3u8")
    assert "/embed?v=" in shots[0].get_embed_code()


def test_a_client_token_opens_sessions_and_nothing_else(
    served: Served, sdk_session: SdkSession
) -> None:
    client = videodb.connect(session_token=sdk_session.token, base_url=served.url)
    with pytest.raises(InvalidRequestError, match="client token"):
        client.get_collection()


def test_a_wrong_key_is_refused(served: Served) -> None:
    stranger = videodb.connect(api_key="sk-wrong", base_url=served.url)
    with pytest.raises(AuthenticationError, match="not known"):
        stranger.get_collection()
