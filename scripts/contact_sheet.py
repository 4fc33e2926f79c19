"""One PNG of every filter, fit, position, step of a transition, text and caption animation.

    python scripts/contact_sheet.py [contact-sheet.png]

Each cell is rendered as a stream would be, encoded and decoded again.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from jupyter_capture.media import cut
from jupyter_capture.media.render import Source, plan_timeline
from jupyter_capture.wire.editor import (
    CaptionAlignment,
    CaptionAnimation,
    Filter,
    Position,
    Timeline,
)

WIDTH, HEIGHT, COLUMNS, LABEL = 320, 180, 6, 18
WORDS = [
    (word, 0.3 * at, 0.3 * at + 0.25, "mic")
    for at, word in enumerate(["The", "quick", "brown", "fox", "jumps", "over", "lazy", "dogs."])
]
STYLED = """[Script Info]
PlayResX: 320
PlayResY: 180
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, OutlineColour, BackColour, Bold, Italic, \
BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV
Style: Default,DejaVu Sans,18,&H00FFFFFF,&H00000000,&H80000000,0,0,1,1.5,1,2,10,10,10
Style: Boxed,DejaVu Sans,16,&H0000FFFF,&H80400000,&H00000000,-1,0,3,3,0,8,10,10,10
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:00.00,0:00:02.00,Default,,0,0,0,,Two lines\\Nwith {\\b1}bold{\\b0}, \
{\\i1}italic{\\i0}, {\\c&H0000FF&}red
Dialogue: 0,0:00:00.00,0:00:02.00,Boxed,,0,0,0,,A box on top
Dialogue: 0,0:00:00.00,0:00:02.00,Default,,0,0,0,,{\\an5\\pos(80,90)}at 80,90
"""


def test_card() -> Image.Image:
    """Colours, a grey ramp and fine lines, 4:3, so that each fit shows."""
    image = Image.new("RGB", (320, 240), "#203040")
    draw = ImageDraw.Draw(image)
    for at, name in enumerate(("red", "lime", "blue", "yellow", "cyan", "magenta", "white")):
        draw.rectangle((at * 46, 0, at * 46 + 45, 90), name)
    for at in range(320):
        draw.line((at, 95, at, 135), (at * 255 // 319,) * 3)
    for at in range(0, 320, 4):
        draw.line((at, 140, at, 165), "white")
    draw.ellipse((110, 145, 210, 239), "orange", "black", 3)
    draw.rectangle((0, 0, 319, 239), outline="white", width=4)
    return image


def cells() -> Iterator[tuple[str, dict[str, Any], float]]:
    """(label, timeline, seconds at which it is looked at)."""
    card = {"type": "image", "id": "card"}
    yield "as it is", one(card), 0
    for name in get_args(Filter):
        yield f"filter {name}", one(card, filter=name), 0
    for name in ("crop", "cover", "contain", None):
        yield f"fit {name}", one(card, fit=name), 0
    for name in get_args(Position):
        yield f"position {name}", one(card, fit="contain", scale=0.4, position=name), 0
    yield (
        "offset 0.25, -0.25",
        one(card, fit="contain", scale=0.4, offset={"x": 0.25, "y": -0.25}),
        0,
    )
    yield "scale 2", one(card, scale=2), 0
    yield "scale 10, bottom_right", one(card, scale=10, position="bottom_right"), 0
    yield "opacity 0.4", one(card, opacity=0.4), 0
    yield (
        "crop asset",
        one({**card, "crop": {"top": 90, "left": 50, "right": 50}}, fit="contain"),
        0,
    )
    for time in (0, 0.25, 0.5, 1, 1.75, 1.95):
        fade = {"in": "fade", "out": "fade", "duration": 0.5}
        yield f"fade at {time} of 2 s", one(card, transition=fade), time
    yield from texts()
    yield from captions()


def texts() -> Iterator[tuple[str, dict[str, Any], float]]:
    def text(**more: Any) -> dict[str, Any]:
        return {"type": "text", "text": "Grüße, world", "font": {"size": 32}, **more}

    yield "text", one(text()), 0
    bold = text(
        border={"width": 2},
        shadow={"x": 4, "y": 4, "color": "#c00000"},
        font={"size": 36, "color": "#ffd000"},
    )
    yield "border, shadow", one(bold), 0
    back = {"color": "#004080", "border_width": 8, "opacity": 0.7}
    yield "background", one(text(background=back)), 0
    yield (
        "background 280x90, top_left",
        one(text(background={**back, "width": 280, "height": 90, "text_alignment": "top_left"})),
        0,
    )
    long = "A longer text that is wrapped to the width of its box"
    left = {"horizontal": "left", "vertical": "bottom"}
    yield (
        "wrapped to 160, left, bottom",
        one(text(text=long, font={"size": 16}, width=160, height=150, alignment=left)),
        0,
    )
    yield "line_spacing 12", one(text(text="one\ntwo\nthree", line_spacing=12)), 0
    yield "tabs", one(text(text="a\tb\nccc\td", font={"size": 28}, tabsize=6)), 0
    yield "right to left", one(text(text="مرحبا بالعالم")), 0
    yield "opacity 0.5", one(text(font={"size": 40, "opacity": 0.5})), 0
    yield "text, filter blur", one(text(), filter="blur"), 0
    yield "text, scale 2, top_right", one(text(text="Hey"), scale=2, position="top_right"), 0


def captions() -> Iterator[tuple[str, dict[str, Any], float]]:
    def auto(**more: Any) -> dict[str, Any]:
        font = {"font_size": 22, "bold": True}
        return {"type": "caption", "font": font, "secondary_color": "&H0000C8FF", **more}

    yield "captions", over_speech(auto()), 0.7
    for name in get_args(CaptionAnimation):
        yield f"{name}, 2nd word", over_speech(auto(animation=name)), 0.4
        yield f"{name}, 4th word", over_speech(auto(animation=name)), 1.08
    box = {"style": "opaque_box", "outline": 4}
    yield "opaque_box", over_speech(auto(border=box, back_color="&H60400000")), 0.5
    deep = {"outline": 2, "shadow": 3, "outline_color": "&H000000A0"}
    yield "outline, shadow", over_speech(auto(border=deep)), 0.5
    for name in get_args(CaptionAlignment):
        where = {"alignment": name, "margin_l": 10, "margin_r": 10, "margin_v": 10}
        small = {"font_size": 13}
        yield name, over_speech(auto(position=where, font=small)), 0.7
    odd = {
        "font_size": 18,
        "italic": True,
        "underline": True,
        "strikeout": True,
        "spacing": 3,
        "angle": 10,
    }
    yield "italic, lines, spacing, angle", over_speech(auto(font=odd)), 0.7
    yield (
        "scale_x 60, scale_y 160",
        over_speech(auto(font={"font_size": 20, "scale_x": 60, "scale_y": 160})),
        0.7,
    )
    src = base64.b64encode(STYLED.encode()).decode()
    yield "ASS", one({"type": "caption", "src": src}), 0.5


def one(asset: dict[str, Any], **more: Any) -> dict[str, Any]:
    item = {"start": 0, "clip": {"asset": asset, "duration": 2, **more}}
    return {"resolution": f"{WIDTH}x{HEIGHT}", "background": "#405060",
            "tracks": [{"clips": [item]}]}  # fmt: skip


def over_speech(asset: dict[str, Any]) -> dict[str, Any]:
    timeline = one(asset)
    spoken = {"start": 0, "clip": {"asset": {"type": "audio", "id": "voice"}, "duration": 2}}
    timeline["tracks"].insert(0, {"clips": [spoken]})
    return timeline


def picture(timeline: dict[str, Any], sources: dict[str, Source], seconds: float) -> Image.Image:
    """What a player shows."""
    found = Timeline.model_validate(timeline)
    plan = plan_timeline(found, sources, 20, lambda asset_id: WORDS)
    decoder: Any = av.CodecContext.create("h264", "r")
    decoder.extradata = plan.video_inits[0].avcc
    shown = None
    for segment in plan.video:
        at = segment.start
        for sample in cut.samples(plan, segment):
            packet = av.Packet(sample.data)
            packet.pts = packet.dts = at
            for frame in decoder.decode(packet):
                if shown is None or frame.pts <= round(seconds * 90000):
                    shown = frame.to_ndarray(format="rgb24")
            at += sample.duration
    return Image.fromarray(np.asarray(shown))


def main(target: Path) -> None:
    sheet = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "card.png"
        test_card().save(path)
        sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "media"))
        from track_maker import make_audio, pulses

        voice = Source(audio=make_audio(Path(folder) / "voice", [(0, pulses(3))]))
        sources = {"card": Source(image=path), "voice": voice}
        for label, timeline, seconds in cells():
            sheet.append((label, picture(timeline, sources, seconds)))
    rows = -(-len(sheet) // COLUMNS)
    whole = Image.new("RGB", (COLUMNS * (WIDTH + 6), rows * (HEIGHT + LABEL + 6)), "white")
    draw = ImageDraw.Draw(whole)
    font = ImageFont.load_default(13)
    for at, (label, image) in enumerate(sheet):
        left, top = at % COLUMNS * (WIDTH + 6), at // COLUMNS * (HEIGHT + LABEL + 6)
        draw.text((left + 3, top + 1), label, "black", font)
        whole.paste(image, (left, top + LABEL))
    whole.save(target)
    print(f"{len(sheet)} cells: {target}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "contact-sheet.png"))
