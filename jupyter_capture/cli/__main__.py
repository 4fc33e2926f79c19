"""``python -m jupyter_capture.cli``."""

from jupyter_capture.cli import main

if __name__ == "__main__":
    main()
