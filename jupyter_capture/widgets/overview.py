"""A recording at a glance, in three dimensions: what was said in it, and what its screen showed.

ipyvolume draws it, and takes a second to import: this is done when an overview is made.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets

from jupyter_capture.client._display import clock
from jupyter_capture.client.search import Shot
from jupyter_capture.errors import (
    CaptureError,
    InvalidRequestError,
    NotIndexedError,
    NotOfferedError,
)
from jupyter_capture.widgets._plot import BACKGROUND, picture_of
from jupyter_capture.widgets._stilled import Stilled
from jupyter_capture.widgets.player import ShotPlayer, player_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from jupyter_capture.client._previews import Point
    from jupyter_capture.client.connection import Connection
    from jupyter_capture.client.recorded import Recorded

POINTS = 2000
"""Moments that are drawn at most; of more, so many spread evenly."""
_WIDE, _TALL = 64, 36  # voxels of a picture, at most
_SHORTEST = 3.0  # seconds that a moment is played at least
_WIDTH, _HEIGHT = 760, 420
_CAMERA = (0.55, 0.45, 2.05)
_COLOURS = ("#5aa9e6", "#ff9f43", "#4cc38a", "#f0616d", "#b48ef0", "#c9a27e", "#f28fc4")
# Dark in both themes, as players are: the figure cannot know the page's.
_STYLE = {
    "background-color": BACKGROUND,
    "axes": {
        "color": "#8b93a1",
        "visible": True,
        "label": {"color": "#c9ced6"},
        "ticklabel": {"color": "#c9ced6"},
    },
    "box": {"color": "#5b6472", "visible": True},
}
_STILL = 3  # of 255: what differs less is the picture's own noise


@dataclass(frozen=True)
class Placed:
    """Where a moment stands: ``x`` in seconds, ``y`` and ``z`` from 0 to 1."""

    point: Point
    x: float
    y: float
    z: float


class Overview(Stilled):
    """``Overview(video)`` or ``Overview(session)``: a click on a point plays its moment below.

    From left to right is time. Each point is a sentence, a text on the screen or a cell, coloured
    by its channel; height and depth are the two main axes of their meaning, so that what is alike
    stands together. Below them lies the screen as a block of time: what changed on it is seen, what
    stayed is clear. Drag to turn it, scroll to come nearer; what is pointed at is told below.

    ``points`` are the moments, ``selected`` the index of the one that plays, or None; setting it
    plays another. ``player`` is the player, ``figure`` ipyvolume's, or None where there is nothing
    to draw. At most 2,000 points are drawn, of longer recordings so many spread evenly.
    """

    selected = traitlets.Int(None, allow_none=True)

    def __init__(self, recording: Any, *, connection: Connection | None = None) -> None:
        self._recorded = _recorded(recording, connection)
        self.points, said = _points(self._recorded)
        self._placed = placed(self.points)
        self._screen = _screen(self._recorded)
        self.figure = self._draw()
        self.player: ShotPlayer | None = None
        self._said = ipywidgets.HTML(f"{_line(said or self._told())}{self._legend()}")
        self._first = [self.figure, self._said] if self.figure is not None else [self._said]
        super().__init__(self._first)
        self.layout.display = "flex"
        self.layout.flex_flow = "column"

    def __repr__(self) -> str:
        return f"Overview({self._recorded.id}, points={len(self.points)})"

    def _told(self) -> str:
        if self.points:
            return f"{_counted(self.points)}. Click one to play it."
        return "Nothing was said in it, and nothing read on its screen."

    def _legend(self) -> str:
        channels = dict.fromkeys(each.point.channel for each in self._placed)
        dots = zip(channels, _COLOURS * len(channels), strict=False)
        return " ".join(
            f'<span style="color:{colour}">●</span> {escape(channel)}' for channel, colour in dots
        )

    @traitlets.observe("selected")
    def _play(self, change: Any) -> None:
        number = change["new"]
        if number is None:
            return
        if not 0 <= number < len(self.points):
            self.selected = None
            raise InvalidRequestError(
                f"There is no point {number}: there are {len(self.points)}, from 0 on."
            )
        shot = self.shot(number)
        if self.player is not None:
            self.player.close()
        self.player = player_of(shot)
        self._tell(number)
        self.children = (*self._first, self.player)

    def _tell(self, number: int) -> None:
        point = self.points[number]
        told = _line(f"{clock(point.start)} · {point.channel} · {point.text}")
        self._said.value = f"{told}{self._legend()}"

    def shot(self, number: int) -> Shot:
        """The moment of a point, as a shot that plays."""
        point, recorded = self.points[number], self._recorded
        return Shot(
            recorded._connection,
            recorded.id,
            recorded.length,
            recorded.name,
            point.start,
            min(recorded.length, max(point.end, point.start + _SHORTEST)),
            point.text,
            collection_id=recorded.collection_id,
            channel=point.channel,
        )

    # -- what is drawn

    def _draw(self) -> Any:
        if not self._placed and self._screen is None:
            return None
        ipyvolume = _ipyvolume()
        length = max(self._recorded.length, 0.001)
        figure = ipyvolume.Figure(width=_WIDTH, height=_HEIGHT, xlabel="seconds")
        figure.style = _STYLE
        figure.ylabel = figure.zlabel = " "
        figure.box_size, figure.box_center = [2.0, 1.0, 1.0], [0.5, 0.5, 0.5]
        figure.camera.position = _CAMERA
        figure.xlim = [0.0, length]
        figure.ylim = [-1.0 if self._screen is not None else 0.0, 1.0]
        figure.zlim = [0.0, 1.0]
        figure.scatters = self._scatters(ipyvolume)
        if self._screen is not None:
            figure.volumes = [_volume(ipyvolume, self._screen, length)]
        return figure

    def _scatters(self, ipyvolume: Any) -> list[Any]:
        """One for each channel: a click tells a point's number within its own."""
        import numpy as np

        made = []
        channels = list(dict.fromkeys(each.point.channel for each in self._placed))
        for number, channel in enumerate(channels):
            ids = [n for n, each in enumerate(self._placed) if each.point.channel == channel]
            of_channel = [self._placed[n] for n in ids]
            # Single values are not serialised: they become arrays without a dimension.
            colour = np.tile(_rgba(_COLOURS[number % len(_COLOURS)]), (len(ids), 1))
            scatter = ipyvolume.Scatter(
                x=np.array([each.x for each in of_channel]),
                y=np.array([each.y for each in of_channel]),
                z=np.array([each.z for each in of_channel]),
                color=colour,
                color_selected=colour,
                size=np.full(len(ids), 4.0),
                size_selected=np.full(len(ids), 6.0),
                geo="sphere",
                description=channel,
            )
            scatter.observe(lambda change, ids=ids: self._hovered(change, ids), "hovered_index")
            scatter.observe(lambda change, ids=ids: self._clicked(change, ids), "clicked_index")
            made.append(scatter)
        return made

    def _hovered(self, change: Any, ids: Sequence[int]) -> None:
        if change["new"] is not None:
            self._tell(ids[change["new"]])

    def _clicked(self, change: Any, ids: Sequence[int]) -> None:
        if change["new"] is None:
            return
        # The same point can be clicked again.
        change["owner"].clicked_index = None
        self.selected = None
        self.selected = ids[change["new"]]

    def _stands_in(self) -> dict[str, str]:
        name = escape(self._recorded.name or self._recorded.id)
        head = f"<div><b>Overview</b> of {name} · {_counted(self.points)} {self._legend()}</div>"
        places = [(each.x, each.y, _colour(each, self._placed)) for each in self._placed]
        uri = picture_of(places, self._recorded.length, self._screen)
        html = head + (f'<img src="{uri}" alt="Moments over time">' if uri else "")
        return {"text/plain": repr(self), "text/html": html}


def _counted(points: Sequence[Point]) -> str:
    return "1 moment" if len(points) == 1 else f"{len(points)} moments"


def _ipyvolume() -> Any:
    # What its own dependencies think of one another is not for the notebook's reader.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            import ipyvolume
        except ImportError as error:
            raise NotOfferedError(
                f"An overview is drawn by ipyvolume, which cannot be loaded here ({error}). "
                "Install it: pip install ipyvolume."
            ) from error

    return ipyvolume


def placed(points: Sequence[Point]) -> list[Placed]:
    """Time, and the two main axes of the vectors, each from 0 to 1."""
    import numpy as np

    if not points:
        return []
    vectors = np.stack([point.vector for point in points]).astype(np.float64)
    vectors -= vectors.mean(axis=0)
    # The axes are those of the largest singular values; an overview of one point has none.
    _, _, axes = np.linalg.svd(vectors, full_matrices=False)
    flat = vectors @ axes[:2].T if len(axes) > 1 else np.zeros((len(points), 2))
    low, high = flat.min(axis=0), flat.max(axis=0)
    spread = np.where(high - low > 1e-6, high - low, 1.0)
    across = np.where(high - low > 1e-6, (flat - low) / spread, 0.5)
    return [
        Placed(point, (point.start + point.end) / 2, 0.1 + 0.9 * float(y), float(z))
        for point, (y, z) in zip(points, across, strict=True)
    ]


def changes(pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32] | None:
    """How much each place of the screen differs from what is mostly there: (width, height, time),
    0 to 1; None where nothing ever changed. Bounded, whatever the size of the pictures."""
    import numpy as np

    grey = pictures.astype(np.float32).mean(axis=3)
    rows = -(-grey.shape[1] // _TALL)
    columns = -(-grey.shape[2] // _WIDE)
    tall, wide = grey.shape[1] // rows * rows, grey.shape[2] // columns * columns
    cells = grey[:, :tall, :wide].reshape(len(grey), tall // rows, rows, wide // columns, columns)
    small = cells.mean(axis=(2, 4))
    differing = np.abs(small - np.median(small, axis=0))
    most = float(differing.max())
    if most <= _STILL:
        return None
    # Pictures begin at the top, the third axis at the bottom.
    stacked = differing[:, ::-1].transpose(2, 1, 0) / most
    return np.ascontiguousarray(stacked, dtype=np.float32)


def _volume(ipyvolume: Any, screen: npt.NDArray[np.float32], length: float) -> Any:
    import numpy as np

    ramp = np.linspace(0.0, 1.0, 256)
    rgba = np.stack([*[0.55 + 0.45 * ramp] * 3, ramp**1.5 * 0.25])
    transfer = ipyvolume.TransferFunction(rgba=rgba.T.astype(np.float32))
    # ipyvolume divides by the slope: a hair of it is everywhere.
    slope = np.linspace(0.0, 1e-3, screen.shape[2], dtype=np.float32)
    return ipyvolume.Volume(
        data_original=screen + slope,
        data_min=0.0,
        data_max=1.0,
        show_min=0.05,
        show_max=1.0,
        data_max_shape=256,
        extent_original=[[0.0, length], [-1.0, 0.0], [0.0, 1.0]],
        tf=transfer,
        lighting=False,
        description="screen",
    )


def _recorded(recording: Any, connection: Connection | None) -> Recorded:
    """The video or audio that is meant. Raises InvalidRequestError."""
    if isinstance(recording, str):
        from jupyter_capture.client.connection import connect

        own = connection or connect()
        if recording.startswith("cap-"):
            recording = own.get_capture_session(recording)
        elif recording.startswith("a-"):
            return own.get_collection().get_audio(recording)
        elif recording.startswith("m-"):
            return own.get_collection().get_video(recording)
    video_of = getattr(recording, "get_video", None)
    if video_of is not None:
        video: Recorded | None = video_of()
        if video is None:
            raise InvalidRequestError(
                f"{recording.id} is {recording.status} and has no video (yet). Stop it first; one "
                "that kept nothing has none."
            )
        return video
    if not hasattr(recording, "points"):
        raise InvalidRequestError(
            f"{recording!r} is no recording. Give a video, an audio, a session, or the id of one "
            "(m-…, a-…, cap-…)."
        )
    found: Recorded = recording
    return found


def _points(recorded: Recorded) -> tuple[list[Point], str]:
    """What there is, and what to say where it is not indexed."""
    try:
        return recorded.points(POINTS), ""
    except NotIndexedError:
        return [], (
            "Its words are not indexed yet, so there are no points: call index_spoken_words(), "
            "then make the overview again."
        )


def _screen(recorded: Recorded) -> npt.NDArray[np.float32] | None:
    sprite = getattr(recorded, "sprite", None)
    if sprite is None:
        return None
    try:
        return changes(sprite())
    except CaptureError:
        return None  # it has no picture


def _rgba(colour: str) -> list[float]:
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)] + [1.0]


def _colour(each: Placed, all_of_them: Sequence[Placed]) -> str:
    channels = list(dict.fromkeys(other.point.channel for other in all_of_them))
    return _COLOURS[channels.index(each.point.channel) % len(_COLOURS)]


def _line(text: str) -> str:
    return f"<div>{escape(text)}</div>"
