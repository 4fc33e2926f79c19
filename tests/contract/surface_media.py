"""Videos, audios, images, uploads and timelines."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image as Picture
from videodb import asset, editor, timeline
from videodb.image import Frame, Image
from videodb.scene import Scene

from tests.contract.surface import (
    Bench,
    all_work,
    not_offered,
    works,
)
from tests.contract.surface_library import SCREEN, gone

# -- uploads


def sound_file(b: Bench) -> Path:
    """Two seconds of a tone that nobody says anything over."""
    path = b.folder / "tone.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes([0, 8, 0, -8 & 255]) * 16000)
    return path


def picture_file(b: Bench) -> Path:
    path = b.folder / "picture.png"
    Picture.new("RGB", (64, 48), "navy").save(path)
    return path


def film_file(b: Bench) -> Path:
    """The recording as a file."""
    path = b.folder / "film.mp4"
    if not path.exists():
        url = b.video.download("film")["download_url"]
        answer = b.sdk.session.get(url, timeout=30)
        answer.raise_for_status()
        path.write_bytes(answer.content)
    return path


def image(b: Bench) -> Image:
    return b.once("image", lambda: b.sdk.upload(file_path=str(picture_file(b))))


@works("client.Connection.upload")
def _uploads(b: Bench) -> bool:
    found = b.sdk.upload(source=str(film_file(b)), name="a film", description="of slides")
    assert found.length == pytest.approx(b.video.length, abs=0.2)
    return found.id in [one.id for one in b.collection.get_videos()]


@works("collection.Collection.upload", "collection.Collection.delete_audio")
def _uploads_audio(b: Bench) -> bool:
    found = b.collection.upload(file_path=str(sound_file(b)), media_type="audio")
    assert found.length == pytest.approx(2.0, abs=0.1)
    b.collection.delete_audio(found.id)
    return gone(lambda: b.collection.get_audio(found.id))


@works("audio.Audio.delete", "collection.Collection.delete_video", "video.Video.delete")
def _deletes(b: Bench) -> bool:
    session = b.live["session"]
    video = b.collection.get_video(session.exported_video_id)
    raw = {stream.name: stream.export().video_id for stream in session.rtstreams}
    b.collection.get_audio(raw["mic:default"]).delete()
    b.collection.delete_video(raw["display:1"])
    video.delete()
    return (
        gone(lambda: b.collection.get_audio(raw["mic:default"]))
        and gone(lambda: b.collection.get_video(raw["display:1"]))
        and gone(lambda: b.collection.get_video(video.id))
    )


@works("collection.Collection.delete_image", "image.Image.delete")
def _delete_image(b: Bench) -> bool:
    first, second = (b.sdk.upload(source=str(picture_file(b))) for _ in range(2))
    first.delete()
    b.collection.delete_image(second.id)
    return all(gone(lambda one=one: b.collection.get_image(one.id)) for one in (first, second))


def size_of(b: Bench, url: str) -> tuple[int, int]:
    """Of the picture at an address that needs no key."""
    answer = requests.get(url, timeout=30)
    answer.raise_for_status()
    return Picture.open(io.BytesIO(answer.content)).size


all_work(
    {
        "collection.Collection.get_images": lambda b: (
            image(b).id in [one.id for one in b.collection.get_images()]
        ),
        "collection.Collection.get_image": lambda b: (
            b.collection.get_image(image(b).id).name == "picture"
        ),
        "image.Image.generate_url": lambda b: size_of(b, image(b).generate_url()) == (64, 48),
        "image.Frame.to_json": lambda b: (
            Frame(b.sdk, "f", b.video.id, "s", "u", 1.0, "d").to_json()["frame_time"] == 1.0
        ),
    }
)


# -- videos and audios


@works("video.Video.update")
def _renamed(b: Bench) -> bool:
    was = b.video.name
    b.video.update(name="a/b \U0001f3ac\nc")
    assert b.collection.get_video(b.video.id).name == "a/b \U0001f3ac\nc"
    b.video.update(name=was)
    return True


@works("video.Video.generate_stream")
def _streams(b: Bench) -> bool:
    fresh = b.collection.get_video(b.video.id)
    url = fresh.generate_stream(timeline=[(0.0, 1.0), (2.0, 3.0)])
    return b.sdk.session.get(url, timeout=30).text.startswith("#EXTM3U")


@works("video.Video.generate_thumbnail")
def _thumbnail(b: Bench) -> bool:
    default = b.video.generate_thumbnail()
    at = b.video.generate_thumbnail(time=1.5)
    assert b.collection.get_image(at.id).name == at.name
    assert size_of(b, at.generate_url())[0] == 640
    at.delete()
    assert gone(lambda: b.collection.get_image(at.id))
    return size_of(b, default)[0] == 640


@works("video.Video.get_thumbnails", note="those that generate_thumbnail(time) made")
def _thumbnails(b: Bench) -> bool:
    made = [b.video.generate_thumbnail(time=time) for time in (2.0, 1.0)]
    found = b.video.get_thumbnails()
    assert size_of(b, found[0].url)[0] == 640
    return [one.id for one in found] == [one.id for one in reversed(made)]


@works("video.Video.insert_video")
def _insert(b: Bench) -> bool:
    urls = [b.video.insert_video(b.video, at) for at in (0.0, 2.0, b.video.length)]
    return all(url.endswith("master.m3u8") for url in urls)


@works("video.Video.index_spoken_words", note="a `callback_url` is posted to when it is done")
def _callback(b: Bench) -> bool:
    b.video.index_spoken_words(callback_url=b.webhooks.url)
    return b.webhooks.wait_for("job.done")["data"]["asset_id"] == b.video.id


all_work(
    {
        "video.Video.search": lambda b: "budget" in b.video.search("money").shots[0].text.lower(),
        "video.Video.semantic_search": lambda b: (
            len(b.video.semantic_search("money", top_k=1)) == 1
        ),
        "video.Video.query": lambda b: len(b.video.query(limit=2)) == 2,
        "video.Video.legacy_search": lambda b: len(b.video.legacy_search("budget")) > 0,
        "video.Video.remove_storage": lambda b: b.video.remove_storage() is None,
        "video.Video.get_transcript": lambda b: (
            "budget"
            in " ".join(x["text"] for x in b.video.get_transcript(segmenter="sentence")).lower()
        ),
        "video.Video.get_transcript_text": lambda b: (
            "budget" in b.video.get_transcript_text().lower()
        ),
        "video.Video.generate_transcript": lambda b: "message" in b.video.generate_transcript(),
        "video.Video.get_embed_code": lambda b: "/embed?v=" in b.video.get_embed_code(),
        "video.Video.download": lambda b: b.video.download()["size"] > 1000,
        "audio.Audio.generate_url": lambda b: b.audio.generate_url().endswith("master.m3u8"),
        "audio.Audio.get_transcript": lambda b: (
            b.audio.get_transcript(segmenter="time", length=5)[0]["start"] == 0
        ),
        "audio.Audio.get_transcript_text": lambda b: (
            "hiring" in b.audio.get_transcript_text().lower()
        ),
        "audio.Audio.generate_transcript": lambda b: "message" in b.audio.generate_transcript(),
    }
)

# -- scenes

all_work(
    {
        "scene.Scene.to_json": lambda b: Scene(b.video.id, 0, 1, "d").to_json()["end"] == 1,
    }
)


@works(
    "video.Video.index_scenes",
    "video.Video.index_visuals",
    "video.Video.get_scenes",
    "video.Video.list_scene_index",
    "video.Video.get_scene_index",
    note=SCREEN,
)
def _scenes(b: Bench) -> bool:
    index_id = b.video.index_scenes(prompt="Describe the scene")
    assert b.video.index_visuals(batch_config={"type": "shot", "value": 20}) == index_id
    assert index_id in [one["scene_index_id"] for one in b.video.list_scene_index()]
    found = b.video.get_scene_index(index_id)
    assert found == b.collection.get_video(b.video.id).get_scenes()
    return any("Travel" in scene["description"] for scene in found)


@works("video.Video.delete_scene_index")
def _deleted_scenes(b: Bench) -> bool:
    brought = [Scene(b.video.id, 0, 1, "A giraffe eats leaves")]
    index_id = b.video.index_scenes(scenes=brought, name="animals")
    assert b.video.legacy_search("giraffe", search_type="scene").shots[0].scene_index_id == index_id
    b.video.delete_scene_index(index_id)
    return gone(lambda: b.video.get_scene_index(index_id))


@works(
    "video.Video.extract_scenes",
    "video.Video.get_scene_collection",
    "video.Video.list_scene_collection",
    "video.Video.delete_scene_collection",
    "scene.SceneCollection.delete",
    note=f"{SCREEN}: scenes with a picture each, another view of the same index",
)
def _scene_collections(b: Bench) -> bool:
    made = b.video.extract_scenes()
    scene = next(one for one in made.scenes if "Travel" in one.description)
    assert requests.get(scene.frames[0].url).headers["content-type"] == "image/jpeg"
    assert b.video.list_scene_collection()[0]["scene_collection_id"] == made.id
    again = b.video.get_scene_collection(made.id)
    assert [one.start for one in again.scenes] == [one.start for one in made.scenes]
    again.delete()
    assert gone(lambda: b.video.get_scene_collection(made.id))
    b.video.delete_scene_collection(b.video.extract_scenes().id)
    return b.video.list_scene_collection() == []


all_work({"video.Video.add_subtitle": lambda b: b.video.add_subtitle().endswith("master.m3u8")})


not_offered(
    {
        "video.Video.index_audio": lambda b: b.video.index_audio(prompt="who says what"),
        "scene.Scene.describe": lambda b: Scene(
            b.video.id, 0, 1, "d", id="s", connection=b.sdk
        ).describe(),
        "image.Frame.describe": lambda b: Frame(
            b.sdk, "f", b.video.id, "s", "u", 1.0, "d"
        ).describe(),
    },
    note="needs a language model",
)


# -- timelines


def older(b: Bench) -> timeline.Timeline:
    with pytest.warns(DeprecationWarning, match="editor.Timeline"):
        return timeline.Timeline(b.sdk)


@works(
    "timeline.Timeline.to_json",
    "timeline.Timeline.add_inline",
    "timeline.Timeline.add_overlay",
    "timeline.Timeline.generate_stream",
    "timeline.Timeline.get_embed_code",
    note="videos in a row with sound, images and texts laid over them",
)
def _older(b: Bench) -> bool:
    made = older(b)
    made.add_inline(asset.VideoAsset(b.video.id, start=1, end=4))
    made.add_inline(asset.VideoAsset(b.video.id))
    assert b.sdk.session.get(made.generate_stream(), timeout=30).text.startswith("#EXTM3U")
    made.add_overlay(2, asset.AudioAsset(b.audio.id, start=0, end=3))
    assert made.to_json()["timeline"][2]["overlay_start"] == 2
    assert b.sdk.session.get(made.generate_stream(), timeout=30).text.startswith("#EXTM3U")
    return "/embed?v=" in made.get_embed_code()


def newer(b: Bench) -> editor.Timeline:
    made = editor.Timeline(b.sdk)
    track = editor.Track()
    track.add_clip(0.5, editor.Clip(editor.VideoAsset(b.video.id, start=1), duration=2.5))
    made.add_track(track)
    return made


@works("editor.Timeline.generate_stream", "editor.Timeline.add_track", "editor.Track.add_clip")
def _newer(b: Bench) -> bool:
    url = newer(b).generate_stream()
    return b.sdk.session.get(url, timeout=30).text.startswith("#EXTM3U")


all_work(
    {
        "editor.Timeline.download_stream": lambda b: (
            newer(b).download_stream(b.video.stream_url)["size"] > 1000
        ),
        "editor.Timeline.get_embed_code": lambda b: "/embed?v=" in newer(b).get_embed_code(),
        "asset.MediaAsset.to_json": lambda b: (
            asset.MediaAsset("m-1").to_json()["asset_id"] == "m-1"
        ),
        "asset.VideoAsset.to_json": lambda b: asset.VideoAsset("m-1").to_json()["start"] == 0,
        "asset.AudioAsset.to_json": lambda b: asset.AudioAsset("a-1").to_json()["end"] is None,
    }
)


def _laid(b: Bench, overlay: Any) -> bool:
    """Whether a player gets a picture of the video with this over it."""
    made = older(b)
    made.add_inline(asset.VideoAsset(b.video.id, end=3))
    made.add_overlay(1, overlay)
    film = b.sdk.session.get(b.sdk.download(made.generate_stream(), "film")["download_url"])
    return b"moov" in film.content


all_work(
    {
        "asset.ImageAsset.to_json": lambda b: _laid(b, asset.ImageAsset(image(b).id, duration=1)),
        "asset.TextAsset.to_json": lambda b: _laid(b, asset.TextAsset("Budget", duration=1)),
    }
)


# -- what the newer timeline is made of: the engine takes each as the SDK writes it


def _shown(b: Bench, **look: Any) -> bool:
    made = editor.Timeline(b.sdk)
    track = editor.Track(z_index=1)
    asset_ = look.pop("asset", None) or editor.VideoAsset(b.video.id, start=0.5, volume=0.5)
    track.add_clip(0, editor.Clip(asset_, duration=1.5, **look))
    made.add_track(track)
    return bool(made.generate_stream().endswith("master.m3u8"))


def _captions(b: Bench, **look: Any) -> bool:
    with pytest.warns(UserWarning, match="must be indexed"):
        captions = editor.CaptionAsset(**look)
    made, over = newer(b), editor.Track(z_index=1)
    over.add_clip(1, editor.Clip(captions, duration=1))
    made.add_track(over)
    return bool(made.generate_stream().endswith("master.m3u8"))


def _text(b: Bench, **look: Any) -> bool:
    return _shown(b, asset=editor.TextAsset("Budget", **look))


all_work(
    {
        "editor.Timeline.to_json": lambda b: _shown(b),
        "editor.Track.to_json": lambda b: _shown(b),
        "editor.TrackItem.to_json": lambda b: _shown(b),
        "editor.Clip.to_json": lambda b: _shown(b, scale=0.5, opacity=0.5, z_index=2),
        "editor.VideoAsset.to_json": lambda b: _shown(b),
        "editor.AudioAsset.to_json": lambda b: _shown(b, asset=editor.AudioAsset(b.audio.id)),
        "editor.ImageAsset.to_json": lambda b: _shown(b, asset=editor.ImageAsset(image(b).id)),
        "editor.Offset.to_json": lambda b: _shown(b, offset=editor.Offset(0.1, -0.1)),
        "editor.Crop.to_json": lambda b: _shown(
            b, asset=editor.VideoAsset(b.video.id, crop=editor.Crop(top=10))
        ),
    }
)
PARTS = {
    "editor.Transition.to_json": lambda b: _shown(b, transition=editor.Transition(in_="fade")),
    "editor.TextAsset.to_json": lambda b: _text(b),
    "editor.Font.to_json": lambda b: _text(b, font=editor.Font(size=30)),
    "editor.Border.to_json": lambda b: _text(b, border=editor.Border(width=2)),
    "editor.Shadow.to_json": lambda b: _text(b, shadow=editor.Shadow(x=2, y=2)),
    "editor.Background.to_json": lambda b: _text(b, background=editor.Background(10, 10)),
    "editor.Alignment.to_json": lambda b: _text(b, alignment=editor.Alignment()),
    "editor.CaptionAsset.to_json": lambda b: _captions(b),
    "editor.FontStyling.to_json": lambda b: _captions(b, font=editor.FontStyling(bold=True)),
    "editor.BorderAndShadow.to_json": lambda b: _captions(
        b, border=editor.BorderAndShadow(outline=2)
    ),
    "editor.Positioning.to_json": lambda b: _captions(b, position=editor.Positioning(margin_v=10)),
}
all_work(PARTS)
