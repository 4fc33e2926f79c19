"""Every error that jupyter-capture raises on purpose.

Each message says what failed, what is accepted, and what to do next. The engine sends an
error as ``{"success": false, "message": …, "error_code": …}`` with the class's status, and the
client raises the same class again::

    CaptureError
    ├── InvalidRequestError       400  the request cannot be carried out as written
    │   ├── NotIndexedError       400  searched before it was indexed
    │   ├── UnknownChannelError   400  no such channel on this machine
    │   └── MediaError            400  a file that cannot be read as media
    ├── AuthenticationError       401  no key, a wrong one, or one that expired
    ├── ForbiddenError            403  a good key without the right for this call
    ├── NotFoundError             404  no such id
    ├── ConflictError             409  not possible in the present state
    ├── GoneError                 410  it existed and was deleted
    ├── TooLargeError             413  more bytes than are accepted
    ├── NotOfferedError           501  part of VideoDB's API that this engine does not offer
    ├── StorageFullError          507  the disk is full, or nearly
    ├── DeviceError               409  a device that cannot be opened (display, sound server)
    ├── JobError                  500  background work that failed
    └── EngineError               500  the engine itself failed
        ├── EngineUnavailableError 503  the engine does not run and could not be started
        └── RequestTimeoutError    504  no answer in time
"""

from __future__ import annotations

from typing import ClassVar


class CaptureError(Exception):
    """Base of all errors of this package."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "ERROR"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidRequestError(CaptureError):
    status = 400
    code = "INVALID_REQUEST"


class NotIndexedError(InvalidRequestError):
    code = "NOT_INDEXED"


class UnknownChannelError(InvalidRequestError):
    code = "UNKNOWN_CHANNEL"


class MediaError(InvalidRequestError):
    code = "NOT_MEDIA"


class AuthenticationError(CaptureError):
    status = 401
    code = "UNAUTHENTICATED"


class ForbiddenError(CaptureError):
    status = 403
    code = "FORBIDDEN"


class NotFoundError(CaptureError):
    status = 404
    code = "NOT_FOUND"


class ConflictError(CaptureError):
    status = 409
    code = "CONFLICT"


class DeviceError(CaptureError):
    status = 409
    code = "NO_DEVICE"


class GoneError(CaptureError):
    status = 410
    code = "GONE"


class TooLargeError(CaptureError):
    status = 413
    code = "TOO_LARGE"


class NotOfferedError(CaptureError):
    status = 501
    code = "NOT_OFFERED"


class StorageFullError(CaptureError):
    status = 507
    code = "STORAGE_FULL"


class JobError(CaptureError):
    code = "JOB_FAILED"


class EngineError(CaptureError):
    code = "ENGINE_FAILED"


class EngineUnavailableError(EngineError):
    status = 503
    code = "ENGINE_UNAVAILABLE"


class RequestTimeoutError(EngineError):
    status = 504
    code = "TIMEOUT"


def _tree(cls: type[CaptureError]) -> list[type[CaptureError]]:
    return [cls, *(leaf for sub in cls.__subclasses__() for leaf in _tree(sub))]


def from_response(status: int, code: str | None, message: str) -> CaptureError:
    """The error that an engine, or VideoDB's service, meant by its answer.

    The code decides where it is one of ours; VideoDB's own service sends none, so the status
    decides there. Anything unknown becomes the nearest base class.
    """
    classes = _tree(CaptureError)
    for cls in classes:
        if code and cls.code == code:
            return cls(message)
    for cls in classes:
        if cls.status == status and cls is not DeviceError:
            return cls(message)
    return InvalidRequestError(message) if 400 <= status < 500 else EngineError(message)
