"""The last minutes are forgotten: in the tracks, in the words, in everything made of them."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path

import httpx
import numpy as np
import pytest
from engine_harness import MIC, SCREEN, Bench, kill, reach, wait_for
from PIL import Image

from jupyter_capture.client.session import CaptureSession
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.desktop.window import Root
from jupyter_capture.errors import ConflictError, InvalidRequestError
from jupyter_capture.media.fmp4 import parse_fragment, scan
from jupyter_capture.media.forget import REASON
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.wire.recorder import Manifest, TrackManifest

_PIECE = 48  # bytes of a sample that are looked for


def manifest_of(bench: Bench, session: CaptureSession) -> Manifest:
    path = bench.folder(session) / "manifest.json"
    return Manifest.model_validate_json(path.read_bytes())


def track_of(bench: Bench, session: CaptureSession, channel_id: str) -> StoredTrack:
    found = manifest_of(bench, session).tracks
    (track,) = [each for each in found if each.channel_id == channel_id]
    return StoredTrack.open(bench.folder(session), track)


def written_between(bench: Bench, track: TrackManifest, start: float, end: float) -> set[bytes]:
    """A piece of every sample that a track holds of a stretch (seconds)."""
    pieces: set[bytes] = set()
    for part in track.parts:
        path = bench.data_dir / "sessions"
        (path,) = path.glob(f"*/{part.file}")
        with path.open("rb") as file:
            for ref in scan(file):
                time = ref.time / track.timescale
                if not start <= time < end:
                    continue
                file.seek(ref.offset)
                _, samples = parse_fragment(file.read(ref.size))
                pieces |= {one.data[-_PIECE:] for one in samples if len(one.data) > 2 * _PIECE}
    # A picture that ends in much of nothing ends like others.
    return {piece for piece in pieces if len(set(piece)) > _PIECE // 2}


def everything(folder: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def noise(root: Root, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 255, (45, 80, 3), np.uint8)
    root.show(Image.fromarray(pixels).resize(root.size, Image.Resampling.NEAREST))


def brightness(track: StoredTrack, seconds: float) -> float:
    (frame, *_) = track.frames(round(seconds * 90000), round(seconds * 90000) + 1)
    return float(frame.to_ndarray(format="gray").mean())


def test_what_is_forgotten_while_recording_is_on_no_disk_and_the_rest_plays(
    common: Bench, desktop: VirtualDesktop
) -> None:
    session = common.begin(SCREEN, MIC)
    with Root(desktop.display) as root:
        noise(root, 1)
        reach(session, 2.2)
        noise(root, 2)
        desktop.say("The password is swordfish.", "mic")
        reach(session, 5)
        secret = {
            piece
            for track in manifest_of(common, session).tracks
            for piece in written_between(common, track, 2.2, 60)
        }
        assert len(secret) > 20
        forgotten = session.forget(start=2)
        noise(root, 3)
    assert forgotten.start == 2
    assert forgotten.end > 4.5
    content = everything(common.data_dir)
    assert not [piece for piece in secret if piece in content]
    reach(session, forgotten.end + 2)
    session.stop()
    assert "recovered" not in session.metadata
    for channel_id in ("display:1", "mic:default", "mix"):
        track = track_of(common, session, channel_id)
        rows = track.fragments
        assert list((rows["time"] + rows["duration"])[:-1]) == list(rows["time"][1:])
        assert not track.damage
        (gap,) = [gap for gap in track.manifest.gaps if gap.reason == REASON]
        assert 1 <= gap.start / track.timescale <= 2.0
        assert abs(gap.end / track.timescale - forgotten.end) < 0.2
    screen = track_of(common, session, "display:1")
    assert brightness(screen, 0.6) > 60
    assert brightness(screen, 3) < 20
    assert brightness(screen, forgotten.end + 1) > 60
    sound = track_of(common, session, "mic:default").pcm(2, forgotten.end, 16000)
    assert float(np.abs(sound).max()) < 0.01
    plays(common, session)


def plays(bench: Bench, session: CaptureSession) -> None:
    video = bench.connection.get_collection().get_video(session.exported_video_id)
    url = video.generate_stream().rpartition("/")[0]
    for kind in ("video", "audio"):
        if kind not in httpx.get(f"{url}/master.m3u8").text:
            continue
        names = [
            line
            for line in httpx.get(f"{url}/{kind}.m3u8").text.splitlines()
            if line and not line.startswith("#")
        ]
        assert names
        for name in names:
            answer = httpx.get(f"{url}/{name}")
            assert answer.content[4:8] in (b"styp", b"moof"), answer.text[:200]


def test_what_is_forgotten_afterwards_takes_its_words_and_all_that_was_made_of_it(
    common: Bench, desktop: VirtualDesktop
) -> None:
    session = common.begin(SCREEN, MIC)
    with Root(desktop.display) as root:
        noise(root, 4)
        desktop.say("The budget is discussed on Monday.", "mic")
        between = session.refresh().duration or 0
        noise(root, 5)
        reach(session, between + 3.5)  # so that these are sentences apart
        desktop.say("The password is swordfish.", "mic")
        end = session.refresh().duration or 0
        noise(root, 6)
        reach(session, end + 1.5)
    session.stop()
    video = common.connection.get_collection().get_video(session.exported_video_id)
    video.index_spoken_words(show_progress=False)
    assert "swordfish" in video.get_transcript_text()
    assert video.search("swordfish").shots
    stream = video.generate_stream(timeline=[(between, end)])
    video.download()  # which makes a file of it in the cache
    tracks = manifest_of(common, session).tracks
    secret = {
        piece for track in tracks for piece in written_between(common, track, between + 1, end - 1)
    }
    assert len(secret) > 20
    meanings = vectors_between(common, between + 0.5, end)
    told_of(common, session, (session.started_at or 0) + between + 2, "The password: swordfish.")
    session.forget(start=between + 0.5, end=end)
    content = everything(common.data_dir)
    assert not [piece for piece in [*secret, *meanings] if piece in content]
    assert b"swordfish" not in content
    assert "budget" in video.get_transcript_text()
    assert "swordfish" not in video.get_transcript_text()
    assert not [shot for shot in video.search("swordfish").shots if "swordfish" in shot.text]
    assert video.search("budget").shots
    assert httpx.get(stream).status_code == 200  # its description holds; black and silence play
    screen = track_of(common, session, "display:1")
    assert brightness(screen, between + 2) < 20
    assert brightness(screen, end + 1) > 60
    plays(common, session)
    session.forget(1)  # again, over what is there by now
    plays(common, session)


def vectors_between(bench: Bench, start: float, end: float) -> list[bytes]:
    """What is stored of the meaning of sentences that were said then."""
    found = bench.rows(
        "select f16 from vectors join segments on segments.id = segment_id"
        " where start < ? and end > ? and text like '%swordfish%'",
        end,
        start,
    )
    assert found
    return [vector for (vector,) in found]


def told_of(bench: Bench, session: CaptureSession, unix: float, text: str) -> None:
    """An alert on what was said, as it is stored once it was delivered."""
    body = json.dumps({"event": "alert", "start": unix, "end": unix + 1, "text": text})
    with sqlite3.connect(bench.data_dir / "library.sqlite3", timeout=30) as library:
        library.execute(
            "insert into deliveries (id, session_id, url, body, status, attempts, next_try,"
            " created_at) values ('whk-1', ?, 'http://127.0.0.1:9/', ?, 'delivered', 1, 0, ?)",
            (session.id, body, unix),
        )
    library.close()


def test_what_cannot_be_forgotten_is_said(common: Bench) -> None:
    session = common.connection.create_capture_session()
    with pytest.raises(ConflictError, match="created"):
        session.forget(10)
    session.start([MIC])
    reach(session, 0.6)
    with pytest.raises(InvalidRequestError, match="`seconds`"):
        session.forget()
    with pytest.raises(InvalidRequestError, match="nothing"):
        session.forget(start=500)
    with pytest.raises(InvalidRequestError, match="seconds"):
        session.forget(-3)
    session.stop()
    with pytest.raises(InvalidRequestError, match="past its end"):
        session.forget(start=500, end=600)
    session.forget(1000)
    assert manifest_of(common, session).tracks[0].gaps[-1].reason == REASON


def test_a_death_on_the_way_only_delays_the_forgetting(
    bench: Bench, desktop: VirtualDesktop
) -> None:
    with Root(desktop.display) as root:
        noise(root, 7)
        recorded = bench.record(SCREEN, seconds=1.5)
        going_on = bench.begin(SCREEN)
        reach(going_on, 1.5)
    secrets = {
        session.id: written_between(bench, manifest_of(bench, session).tracks[0], 0, 60)
        for session in (recorded, going_on)
    }
    assert all(secrets.values())
    for session in (recorded, going_on):
        (bench.folder(session) / "forget.json").write_text(json.dumps([[0, 9.0]]))
    bench.kill_engine()
    bench.connection.status()
    for session in (recorded, going_on):
        wait_for(lambda one=session: not still_there(bench, one, secrets[one.id]))
    going_on.refresh().stop()
    assert not list(bench.data_dir.glob("sessions/*/forget.json"))
    plays(bench, going_on)


def still_there(bench: Bench, session: CaptureSession, secret: set[bytes]) -> bool:
    content = everything(bench.folder(session))
    return any(piece in content for piece in secret)


def test_forgetting_and_killing_at_once_leaves_a_recording_that_plays(bench: Bench) -> None:
    session = bench.begin(SCREEN, MIC)
    reach(session, 2)
    pid = bench.recorder_pid(session)
    killer = threading.Timer(0.05, lambda: kill(pid))
    killer.start()
    try:
        session.forget(1)
    except ConflictError as error:
        assert "again" in error.message or "noted" in error.message  # noqa: PT017
    killer.join()
    wait_for(lambda: bench.recorder_pid(session) != pid, what="another recorder")
    before = session.refresh().duration or 0
    reach(session, before + 1)
    session.stop()
    assert session.status == "exported"
    plays(bench, session)
