"""``python -m jupyter_capture.engine.live``: the process that hears one recording."""

from __future__ import annotations

import sys

from jupyter_capture.engine.live.worker import main

sys.exit(main())
