"""The engine: owns the library, the recorders, the jobs and the streams."""

import os

# onnxruntime would keep a diary of its use in the user's home, and send it to its makers.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
