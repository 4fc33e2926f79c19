"""Magics that play: play, transcript, timeline."""

from __future__ import annotations

from argparse import Namespace

from jupyter_capture.client._display import clock
from jupyter_capture.client._frontend import front_end
from jupyter_capture.magics import clips, telling
from jupyter_capture.magics.commands import command, option, unquoted, variable, whole_number
from jupyter_capture.magics.current import Current
from jupyter_capture.magics.finding import Finding
from jupyter_capture.magics.telling import say

_LAST = -1


class Playing:
    """Each public method is a magic."""

    def __init__(self, current: Current) -> None:
        self._current = current
        self._finding = Finding(current)

    @command(
        option(
            "what",
            nargs="?",
            metavar="WHAT",
            help="Number of a shot of the last search, all, a video (m-…), a sound (a-…) or a "
            "session (cap-…); default: the best shot, else the video recorded last.",
        ),
        option(
            "--cell",
            dest="ran",
            nargs="?",
            type=whole_number(0, 1_000_000),
            const=_LAST,
            metavar="N",
            help="The last run of the cell [N], as it was recorded with %%capture_start --cells; "
            "without N of the cell that ran last.",
        ),
    )
    def play(self, args: Namespace) -> None:
        """Play a shot, a video, or the moment a cell ran, here in the notebook.

        Example::

            %play
            %play 2
            %play m-0123456789abcdef
            %play --cell 5
        """
        if args.ran is None:
            found = self._finding.playable(args.what)
        else:
            shot = self._finding.cell(None if args.ran == _LAST else args.ran, args.what)
            say(f"{shot.text} · {clock(shot.start)} in {shot.video_title}")
            found = shot
        address = found.play()
        if front_end() != "notebook":
            say(address)

    @command(
        option(
            "what", nargs="?", metavar="ID", help="A video, sound or session; default: the last."
        ),
    )
    def transcript(self, args: Namespace) -> None:
        """Show what was said, sentence by sentence. What is not indexed is indexed first.

        Example::

            %transcript
        """
        finding = self._finding
        asset = finding.asset(args.what) if args.what else finding.last_video()
        finding.index(asset)
        sentences = asset.get_transcript(segmenter="sentence")
        say(*(f"{clock(item['start']):>8}  {str(item['text']).strip()}" for item in sentences))
        if not sentences:
            say(f"Nothing was said in {asset.name or asset.id}.")

    @command(
        option("--resolution", default="1280x720", metavar="WxH", help="Default: 1280x720."),
        option("--background", default="#000000", help="As #RRGGBB; default: black."),
        option("--into", type=variable, metavar="NAME", help="Assign the timeline to a name."),
        option("--save", metavar="FILE", help="Also save it as an MP4 file."),
        kind="cell",
    )
    def timeline(self, args: Namespace) -> None:
        """Put clips one after another and over one another, and play them as one.

        One clip a line: what, from, to, where. *What* is a number of the last search's shots, a
        video (m-…), a sound (a-…), a picture (img-…), a session (cap-…), last, or a text in
        quotes. *From* and *to* are times in it (12, 1:05, 1m5s; - for its start or end). *Where* is
        a place on the screen with a size (top_right 30%), to lay it over the clip before; and
        at 0:10, to start it there. A line that begins with # says nothing.

        Example::

            %%timeline --into talk
            1
            last           1:05  1:30
            "Thank you"    -     3s    bottom
            m-0123456789abcdef 0 10    top_right 30%  at 2s
        """
        made = clips.read_timeline(args.cell, self._current.connection, self._finding)
        made.resolution = args.resolution
        made.background = args.background
        made.generate_stream()
        self._current.assign(args.into, made)
        if args.save:
            say(f"Saved {made.save(unquoted(args.save))}")
        if front_end() == "notebook":
            telling.show_player(made)
        else:
            say(*clips.lines_of(made), made.player_url or "")
