from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_capture.desktop import Slide, VirtualDesktop, present_desktop
from jupyter_capture.errors import DeviceError


def shot(desktop: VirtualDesktop, to: Path) -> bytes:
    """The pixels on the screen, as x11grab sees them."""
    code = (
        "import av, os, sys\n"
        "with av.open(os.environ['DISPLAY'], format='x11grab', options={'video_size': '640x480'})"
        " as screen:\n"
        "    frame = next(screen.decode(video=0))\n"
        "    open(sys.argv[1], 'wb').write(frame.to_ndarray(format='rgb24').tobytes())\n"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(to)], env={**os.environ, **desktop.env}, check=True
    )
    return to.read_bytes()


def test_a_virtual_desktop_is_seen_as_present_and_is_gone_afterwards() -> None:
    with VirtualDesktop("640x480") as desktop:
        environ = {**os.environ, **desktop.env}
        found = present_desktop(environ)
        assert found.complete
        assert found.display == desktop.display
    gone = present_desktop(environ)
    assert gone.display is None
    assert gone.sound is None


def test_two_virtual_desktops_do_not_meet() -> None:
    with VirtualDesktop("640x480") as one, VirtualDesktop("640x480") as other:
        assert one.display != other.display
        assert one.env["PULSE_SERVER"] != other.env["PULSE_SERVER"]


def test_a_slide_is_on_the_screen_when_show_returns(tmp_path: Path) -> None:
    with VirtualDesktop("640x480") as desktop:
        empty = shot(desktop, tmp_path / "empty")
        desktop.show([Slide("Budget", ("Travel",), "#ff0000")], every=60)
        shown = shot(desktop, tmp_path / "shown")
        desktop.show([Slide("Hiring", (), "#00ff00")], every=60)
        replaced = shot(desktop, tmp_path / "replaced")
    assert shown[:3] == b"\xff\x00\x00"
    assert replaced[:3] == b"\x00\xff\x00"
    assert len({empty, shown, replaced}) == 3


@pytest.mark.parametrize("target", ["mic", "speakers"])
def test_a_voice_is_heard_where_it_was_sent_and_nowhere_else(target: str) -> None:
    code = (
        "import soundcard, numpy, json, sys\n"
        "mic = soundcard.default_microphone()\n"
        "name = soundcard.default_speaker().id + '.monitor'\n"
        "loop = soundcard.get_microphone(name, include_loopback=True)\n"
        "with mic.recorder(48000, channels=1) as a, loop.recorder(48000, channels=1) as b:\n"
        "    a.record(4800), b.record(4800)\n"
        "    print('listening', flush=True)\n"
        "    peaks = [0.0, 0.0]\n"
        "    for _ in range(40):\n"
        "        for i, source in enumerate((a, b)):\n"
        "            peaks[i] = max(peaks[i], float(numpy.abs(source.record(4800)).max()))\n"
        "print(json.dumps(peaks))\n"
    )
    with VirtualDesktop("640x480") as desktop:
        listener = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", code, "listen"],
            env={**os.environ, **desktop.env},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert listener.stdout is not None
        assert listener.stdout.readline() == "listening\n"
        desktop.say("Let us talk about the budget.", "mic" if target == "mic" else "speakers")
        output, _ = listener.communicate(timeout=60)
    microphone, speakers = (float(value) for value in output.strip("[]\n").split(","))
    heard, silent = (microphone, speakers) if target == "mic" else (speakers, microphone)
    assert heard > 0.05
    assert silent < 0.001


def test_missing_programs_are_named_as_debian_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(DeviceError, match="apt-get install pulseaudio pulseaudio-utils xvfb"):
        VirtualDesktop().__enter__()
