"""Records, exports, searches and plays once, and tells each step."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from jupyter_capture.client.connection import Connection, connect
from jupyter_capture.client.search import SearchResult
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.client.video import Video
from jupyter_capture.demo import script
from jupyter_capture.demo.notebook import execute, quickstart
from jupyter_capture.demo.webhook import WebhookReceiver
from jupyter_capture.desktop import VirtualDesktop, missing_packages, present_desktop
from jupyter_capture.errors import CaptureError, DeviceError, NotOfferedError
from jupyter_capture.local import end_engine

CHANNELS: list[dict[str, Any]] = [
    {"name": "display:1", "store": True},
    {"name": "mic:default", "store": True},
    {"name": "system_audio:default", "store": False},
]
COUNTDOWN = 5


@dataclass(frozen=True)
class Options:
    """``folder`` takes the library and the notebook; ``virtual`` leaves this desktop alone."""

    folder: Path
    seconds: float = 20.0
    virtual: bool = False
    notebook: bool = True


def run(options: Options, console: Console) -> bool:
    """Whether all that was promised happened. Raises CaptureError where a step fails."""
    options.folder.mkdir(parents=True, exist_ok=True)
    library = options.folder.resolve() / "library"
    _clear(library)
    with ExitStack() as stack:
        desktop = _desktop(options, console, stack)
        # For the engine that is started from here, and for the notebook's kernel.
        os.environ["JUPYTER_CAPTURE_DATA_DIR"] = str(library)
        stack.callback(end_engine, library)
        connection = stack.enter_context(connect(data_dir=library))
        receiver = stack.enter_context(WebhookReceiver())
        return _Demo(options, console, connection, receiver, desktop).run()


def _desktop(options: Options, console: Console, stack: ExitStack) -> VirtualDesktop | None:
    present = present_desktop()
    if present.complete and not options.virtual:
        console.print(
            f"This will record, for {options.seconds:g} s: the display {present.display} and the "
            "microphone (kept), and the system audio (live only: it reaches no file).\n"
            "Say something about a budget meanwhile. Ctrl-C now to leave it; --virtual records a "
            "desktop made for it instead."
        )
        for left in range(COUNTDOWN, 0, -1):
            console.print(f"  starting in {left} …")
            time.sleep(1)
        return None
    if not options.virtual:
        lacks = [
            name
            for name, found in (("display", present.display), ("sound server", present.sound))
            if not found
        ]
        console.print(f"This machine has no {' and no '.join(lacks)} that answers.")
    console.print("Starting a virtual desktop, with slides and a voice that speaks about a budget.")
    if missing := missing_packages():
        raise DeviceError(
            f"The virtual desktop needs the Debian packages {', '.join(missing)}: "
            f"sudo apt-get install {' '.join(missing)}"
        )
    desktop = stack.enter_context(VirtualDesktop())
    os.environ.update(desktop.env)
    return desktop


def _clear(library: Path) -> None:
    """Begin with an empty library: only ours, known by the files that an engine puts there."""
    if not library.exists():
        return
    end_engine(library)
    known = [library / name for name in ("engine.log", "library.sqlite3")]
    if any(file.exists() for file in known) or not any(library.iterdir()):
        shutil.rmtree(library)
        return
    raise CaptureError(f"{library} is not a library of this demo. Move it away, or name --output.")


class _Demo:
    def __init__(
        self,
        options: Options,
        console: Console,
        connection: Connection,
        receiver: WebhookReceiver,
        desktop: VirtualDesktop | None,
    ) -> None:
        self._options = options
        self._console = console
        self._connection = connection
        self._receiver = receiver
        self._desktop = desktop
        self._checks: list[tuple[bool, str]] = []

    def run(self) -> bool:
        session = self._record()
        self._show_states(session)
        self._show_files(session)
        video = self._connection.get_collection().get_video(session.exported_video_id or "")
        video.index_spoken_words()
        self._show_transcript(video)
        result = video.search(script.QUERY)
        self._show_shots(result)
        self._decode("the video", video.generate_stream(), video.length)
        if result.shots:
            best = result.shots[0]
            self._decode("the best shot", best.generate_stream(), best.length)
        if self._desktop:
            self._show_seen(video)
        if self._options.notebook:
            self._write_notebook()
        return self._verdict()

    # -- the steps

    def _record(self) -> CaptureSession:
        self._heading("Recording")
        for channel in CHANNELS:
            self._line(f"  {channel['name']:22} {'kept' if channel['store'] else 'live only'}")
        session = self._connection.create_capture_session(
            end_user_id="demo", callback_url=self._receiver.url, metadata={"made_by": "demo"}
        )
        session.start(CHANNELS, primary_video_channel_id="display:1")
        try:
            with script.Presentation(self._desktop) if self._desktop else nullcontext():
                self._wait(session)
        finally:
            asked = time.monotonic()
            session.stop()
        took = time.monotonic() - asked
        self._line(f"Exported {took:.2f} s after stop was asked for.")
        for warning in session.warnings:
            self._line(f"  warning: {warning}")
        return session

    def _wait(self, session: CaptureSession) -> None:
        seconds = self._options.seconds
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=self._console,
        )
        end = time.monotonic() + seconds
        with bar:
            task = bar.add_task("recording", total=seconds)
            while (left := end - time.monotonic()) > 0:
                time.sleep(min(0.5, left))
                session.refresh()
                levels = "  ".join(
                    f"{name} {level:.0f} dB" for name, level in session.levels.items()
                )
                bar.update(task, completed=seconds - max(0.0, left), description=levels or "…")
            bar.update(task, completed=seconds)

    def _show_states(self, session: CaptureSession) -> None:
        exported = self._receiver.wait_for("capture_session.exported", session.id)
        bodies = sorted(self._receiver.bodies, key=lambda body: body.get("sequence", 0))
        self._heading("States, as the webhook told them")
        self._line("  " + " → ".join(str(body["status"]) for body in bodies))
        self._heading("Webhook capture_session.exported")
        self._line(json.dumps(exported, indent=2))
        same = exported["data"].get("exported_video_id") == session.exported_video_id
        self._check(same, "the webhook names the exported video")
        self._heading("Exported")
        self._line(f"  {'muxed video':22} {session.exported_video_id}")
        for stream in session.rtstreams:
            kept = "live only, nothing exported"
            self._line(f"  {stream.name:22} {stream.exported_asset_id or kept}")

    def _show_files(self, session: CaptureSession) -> None:
        self._heading("Files")
        for item in session.storage:
            self._line(f"  {item.channel_id:22} {item.bytes / 1e6:7.2f} MB  {item.path}")
        kept = {item.channel_id for item in session.storage}
        self._check(
            {"display:1", "mic:default"} <= kept and "system_audio:default" not in kept,
            "the kept channels have files, the one that is live only has none",
        )

    def _show_transcript(self, video: Video) -> None:
        self._heading("Transcript")
        sentences = video.get_transcript(segmenter="sentence")
        for sentence in sentences:
            self._line(f"  {sentence['start']:6.2f} – {sentence['end']:6.2f}  {sentence['text']}")
        if not sentences:
            self._line("  (nothing was said)")
        if self._desktop:
            said = " ".join(str(sentence["text"]) for sentence in sentences).lower()
            self._check(script.UNKEPT_WORD not in said, "the system audio is in no transcript")

    def _show_shots(self, result: SearchResult) -> None:
        self._heading(f"Shots for “{script.QUERY}”")
        for shot in result.shots:
            shot.generate_stream()
            score = f"  score {shot.search_score:.2f}" if shot.search_score is not None else ""
            self._line(f"  {shot.start:6.2f} – {shot.end:6.2f}{score}  {shot.text}")
            self._line(f"      {shot.player_url}")
        if not result.shots:
            self._line("  (none)")
        if self._desktop:
            best = result.shots[0] if result.shots else None
            found = best is not None and script.WORD in best.text.lower()
            self._check(found, f"the best shot is one in which “{script.WORD}” is said")
            short = best is not None and best.length < best.video_length / 2
            self._check(short, "the best shot is a moment, not the whole recording")

    def _show_seen(self, video: Video) -> None:
        """What was on a slide and nobody said."""
        self._heading(f"Shots for “{script.SEEN_WORD}”, which is on a slide only")
        try:
            video.index_screen_text()
        except NotOfferedError as error:
            self._line(f"  {error.message}")
            return
        result = video.search(script.SEEN_WORD)
        for shot in result.shots[:3]:
            self._line(f"  {shot.start:6.2f} – {shot.end:6.2f}  {shot.source}  {shot.text}")
        best = result.shots[0] if result.shots else None
        text = best.text.lower() if best is not None and best.source == "screen_text" else ""
        self._check(
            script.SEEN_WORD in text,
            f"the best shot shows a slide with “{script.SEEN_WORD}”",
        )
        if best is not None:
            self._line(f"      {best.generate_stream() and best.player_url}")
            self._decode("that shot", best.generate_stream(), best.length)

    def _decode(self, what: str, stream_url: str, length: float) -> None:
        command = [sys.executable, "-m", "jupyter_capture.demo.decode", stream_url]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        except subprocess.TimeoutExpired:
            self._check(False, f"the stream of {what} decodes (it did not within 120 s)")
            return
        if done.returncode:
            reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            self._check(False, f"the stream of {what} decodes ({' '.join(reason)})")
            return
        found = json.loads(done.stdout)
        detail = (
            f"{found['frames']} frames of {found['width']}x{found['height']}, "
            f"{found['audio_seconds']:.2f} s of sound, for {length:.2f} s"
        )
        # A frame may last up to half a second on a still screen; AAC comes in packets of 21 ms.
        complete = found["frames"] > 0 and abs(found["audio_seconds"] - length) < 0.25
        self._check(complete, f"the stream of {what} decodes: {detail}")

    def _write_notebook(self) -> None:
        self._heading("The quickstart notebook")
        self._line("  running …" if self._desktop else "  running; it records a few seconds more …")
        presentation = (
            script.Presentation(self._desktop, around=True) if self._desktop else nullcontext()
        )
        try:
            with presentation:
                page = execute(quickstart(), self._options.folder)
        except CaptureError as error:
            self._check(False, f"the notebook runs ({error.message})")
            return
        self._check(page.stat().st_size > 0, f"the notebook ran; as HTML: {page.resolve()}")

    # -- telling

    def _heading(self, text: str) -> None:
        self._console.print()
        self._console.print(Text(text, style="bold"))

    def _line(self, text: str) -> None:
        """As it is: no wrapping, no markup, so that addresses can be copied."""
        self._console.print(text, soft_wrap=True, markup=False, highlight=False)

    def _check(self, passed: bool, text: str) -> None:
        self._checks.append((passed, text))

    def _verdict(self) -> bool:
        self._heading("Checked")
        for passed, text in self._checks:
            self._line(f"  {'✓' if passed else '✗'} {text}")
        return all(passed for passed, _ in self._checks)
