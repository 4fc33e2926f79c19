"""Captions of what is said: words with their times become lines, drawn as they are spoken."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from jupyter_capture.media.colours import CLEAR, ass_colour, legible
from jupyter_capture.media.letters import Face, width_of
from jupyter_capture.media.picture import Picture
from jupyter_capture.media.text import Look, Run, block_of, is_rtl, stand
from jupyter_capture.wire.editor import BorderAndShadow, CaptionAsset

_MOST_WORDS = 7
_LONGEST = 42  # letters of a line that is read at a glance
_PAUSE = 0.8  # seconds of silence that end a line
_LINGER = 0.4  # seconds that a line stays after its last word
_STEPS = 8  # of karaoke's sweep through a word
_LARGER = 1.35  # supersize
_KEPT = 16

# Can be read on a white slide as on a dark film. As ASS has it, letters alone are thin on white.
_BOX = BorderAndShadow(style="opaque_box", outline=5)
_HALF_CLEAR = (0, 0, 0, 165)


@dataclass(frozen=True)
class Word:
    """Seconds of the clip that shows it. ``channel``: whose it is."""

    text: str
    start: float
    end: float
    channel: str = ""


@dataclass(frozen=True)
class Cue:
    """A line that is shown from ``start`` to ``end``."""

    start: float
    end: float
    words: tuple[Word, ...]


class Captions:
    """Lines of words on a canvas of ``size``. Raises InvalidRequestError for bad colours."""

    def __init__(self, asset: CaptionAsset, words: Sequence[Word], size: tuple[int, int]) -> None:
        self._asset = asset
        self._size = size
        self._look, self._backdrop = _look(asset)
        self._lit = ass_colour(asset.secondary_color)
        room = size[0] - asset.position.margin_l - asset.position.margin_r
        most = 1 if asset.animation == "impact" else _MOST_WORDS
        grow = _LARGER - 1 if asset.animation == "supersize" else 0
        self.cues = cues_of(words, self._look.face, room, most, grow)
        self._starts = [cue.start for cue in self.cues]
        self._drawn = lru_cache(maxsize=_KEPT)(self._draw)

    def at(self, time: float) -> Picture | None:
        """What is shown at ``time`` (seconds of the clip); the same object while it stays so."""
        after = bisect_right(self._starts, time)
        # Two people may speak at once: the one who began last is shown.
        for number in range(after - 1, max(-1, after - 9), -1):
            cue = self.cues[number]
            if time < cue.end:
                return self._drawn(number, *self._state(cue, time))
        return None

    def _state(self, cue: Cue, time: float) -> tuple[int, int]:
        """(the word that is being spoken, how far, in steps)."""
        if self._asset.animation is None:
            return 0, 0
        active = bisect_right([word.start for word in cue.words], time) - 1
        if self._asset.animation != "karaoke":
            return active, 0
        word = cue.words[active]
        share = (time - word.start) / max(word.end - word.start, 0.001)
        return active, min(_STEPS, int(share * _STEPS) + 1)

    def _draw(self, number: int, active: int, step: int) -> Picture | None:
        cue = self.cues[number]
        line = " ".join(word.text for word in cue.words)
        if self._asset.animation is None:
            runs = [Run(line, self._look)]
        else:
            runs = list(self._runs(cue, active, step / _STEPS))
            if is_rtl(line):
                runs.reverse()
        position, font = self._asset.position, self._asset.font
        border = self._asset.border or _BOX
        padding = max(border.outline, font.font_size * 0.15)
        block = block_of([runs], backdrop=self._backdrop, padding=padding)
        margins = (position.margin_l, position.margin_r, position.margin_v)
        return stand(block, self._size, position.alignment, margins, font.angle)

    def _runs(self, cue: Cue, active: int, share: float) -> Iterator[Run]:
        for at, word in enumerate(cue.words):
            if at:
                yield Run(" ", self._look)
            yield Run(word.text, self._spoken(at - active, share))

    def _spoken(self, later: int, share: float) -> Look:
        """The look of a word that comes ``later`` than the one being spoken (0: that one)."""
        look = self._look
        match self._asset.animation:
            case "reveal" if later > 0:
                return replace(look, fill=CLEAR, outline_fill=CLEAR, shadow_fill=CLEAR)
            case "karaoke" if later <= 0:
                return replace(look, sweep=self._lit, swept=share if later == 0 else 1)
            case "color_highlight" if later == 0:
                return replace(look, fill=self._lit)
            case "box_highlight" if later == 0:
                return replace(look, box=self._lit, fill=legible(look.fill, self._lit))
            case "supersize" if later == 0:
                face = replace(look.face, size=look.face.size * _LARGER)
                return replace(look, face=face, fill=self._lit)
        return look


def _look(asset: CaptionAsset) -> tuple[Look, tuple[int, int, int, int]]:
    """How words look, and the colour of the box behind them."""
    font, border = asset.font, asset.border or _BOX
    face = Face(
        font.font_name, font.font_size, font.bold, font.italic, font.underline, font.strikeout,
        font.scale_x / 100, font.scale_y / 100, font.spacing,
    )  # fmt: skip
    look = Look(face, ass_colour(asset.primary_color))
    edge, back = ass_colour(border.outline_color), ass_colour(asset.back_color)
    if border.style == "opaque_box":
        return look, back if asset.border else _HALF_CLEAR
    deep = (border.shadow, border.shadow)
    look = replace(look, outline=border.outline, outline_fill=edge, shadow=deep, shadow_fill=back)
    return look, CLEAR


def cues_of(
    words: Sequence[Word], face: Face, room: float, most: int = _MOST_WORDS, grow: float = 0
) -> list[Cue]:
    """Lines of at most ``most`` words that fit into ``room`` pixels, channel by channel.

    ``grow``: by how much of itself a word grows while it is spoken. A line ends at a pause, at
    the end of a sentence, and before it grows too long.
    """
    cues: list[Cue] = []
    for channel in dict.fromkeys(word.channel for word in words):
        spoken = [
            replace(word, text=word.text.strip())
            for word in sorted(words, key=lambda word: word.start)
            if word.channel == channel and word.text.strip()
        ]
        lines = _lines(spoken, face, room, most, grow)
        for line, following in pairwise([*lines, None]):
            if line is None:
                continue
            end = max(line[-1].end, line[-1].start + 0.05)
            if following is None:
                end += _LINGER
            elif following[0].start - end < _PAUSE:
                end = following[0].start  # no flicker between lines
            else:
                end += _LINGER
            cues.append(Cue(line[0].start, max(end, line[0].start + 0.01), tuple(line)))
    return sorted(cues, key=lambda cue: (cue.start, cue.end))


def _lines(
    words: Sequence[Word], face: Face, room: float, most: int, grow: float
) -> list[list[Word]]:
    lines: list[list[Word]] = []
    space = _width(" ", face)
    letters, length, widest = 0, 0.0, 0.0
    for word in words:
        width = _width(word.text, face)
        letters, length = letters + 1 + len(word.text), length + space + width
        last = lines[-1][-1] if lines else None
        if (
            last
            and len(lines[-1]) < most
            and word.start - last.end < _PAUSE
            and not last.text.endswith((".", "?", "!", "。", "？", "！"))
            and letters <= _LONGEST
            and length + grow * max(widest, width) <= room
        ):
            lines[-1].append(word)
            widest = max(widest, width)
        else:
            lines.append([word])
            letters, length, widest = len(word.text), width, width
    return lines


@lru_cache(maxsize=4096)
def _width(word: str, face: Face) -> float:
    """Kept, since an hour of speech is made of few words."""
    return width_of(word, face)
