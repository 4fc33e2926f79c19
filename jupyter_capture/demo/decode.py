"""Decodes a stream as any player would, from its address alone.

    python -m jupyter_capture.demo.decode <stream_url>

Prints one JSON object: frames, video and audio seconds, size. It is FFmpeg's own HLS reader and
none of our code, so it proves that what the engine serves is what players expect; a process of its
own, so that a fault in a decoder cannot take the demo along. Exit status 1 where nothing decodes.
"""

from __future__ import annotations

import json
import sys

import av


def decode(url: str) -> dict[str, float | int]:
    frames, size, audio = 0, (0, 0), 0.0
    times: list[float] = []
    with av.open(url, timeout=30.0) as container:
        chosen = [*container.streams.video[:1], *container.streams.audio[:1]]
        for packet in container.demux(chosen):
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    frames += 1
                    size = (frame.width, frame.height)
                    times.append(float(frame.time or 0.0))
                elif isinstance(frame, av.AudioFrame):
                    audio += frame.samples / frame.sample_rate
    return {
        "frames": frames,
        "width": size[0],
        "height": size[1],
        "video_seconds": round(times[-1] - times[0], 3) if times else 0.0,
        "audio_seconds": round(audio, 3),
    }


def main() -> None:
    found = decode(sys.argv[1])
    sys.stdout.write(json.dumps(found) + "\n")
    sys.exit(0 if found["frames"] or found["audio_seconds"] else 1)


if __name__ == "__main__":
    main()
