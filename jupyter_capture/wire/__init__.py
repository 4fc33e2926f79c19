"""The wire: every model that crosses a process or a language, in VideoDB's JSON.

Engine, recorder and client read and write these; TypeScript gets the same from them.
"""

from jupyter_capture.wire._base import (
    Failure,
    JobProgress,
    JobState,
    JobTicket,
    Ok,
    Processing,
    Wire,
)

__all__ = ["Failure", "JobProgress", "JobState", "JobTicket", "Ok", "Processing", "Wire"]
