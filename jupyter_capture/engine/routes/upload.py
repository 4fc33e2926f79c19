"""Uploads: the address that takes a file, and what makes an asset of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from jupyter_capture.engine.routes.status import ticket_for
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.engine.uploads import Receiving, too_large
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.wire import Ok, Processing
from jupyter_capture.wire.library import UploadRequest

router = APIRouter(tags=["upload"])
Get = Annotated[Services, Depends(services_of)]

_ENVELOPE = 1 << 16
"""Bytes that a form may have around its file."""
_FORM = "Send a multipart form (multipart/form-data) with the file in the field `file`."


@router.get("/collection/{collection_id}/upload_url")
def address(collection_id: str, services: Get, name: str = "") -> Ok[dict[str, str]]:
    """Where to send one file to, within the hour."""
    services.library.collection(collection_id)
    return Ok(data={"upload_url": services.uploads.address()})


@router.post("/collection/{collection_id}/upload")
def upload(collection_id: str, request: UploadRequest, services: Get, http: Request) -> Processing:
    """Make an asset of what was sent to an upload_url, or lies at an http(s) address."""
    services.library.collection(collection_id)
    services.webhooks.check(request.callback_url)
    job_id = services.uploads.submit(collection_id, request)
    services.callbacks.promise(job_id, request.callback_url)
    return ticket_for(http, job_id, request.callback_url)


@router.post("/upload/{token}")
async def receive(token: str, request: Request, services: Get) -> Ok[dict[str, int]]:
    """Take a file, as a multipart form's field ``file``. Its size in bytes is the answer."""
    length = request.headers.get("content-length", "")
    announced = int(length) if length.isdecimal() else None
    if announced is not None and announced > services.uploads.limit + _ENVELOPE:
        raise too_large(services.uploads.limit)
    with services.uploads.receive(token, announced) as receiving:
        await _take(request, receiving)
    return Ok(data={"size": receiving.size})


async def _take(request: Request, receiving: Receiving) -> None:
    form = _Form(request.headers.get("content-type", ""))
    try:
        async for block in request.stream():
            data = form.feed(block)
            if data:
                await run_in_threadpool(receiving.write, data)
    except ClientDisconnect as error:
        raise InvalidRequestError("The sender went away before the file was whole.") from error
    form.check()


class _Form:
    """A multipart form as it arrives: gives the bytes of its ``file``, keeps nothing."""

    def __init__(self, content_type: str) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or b"boundary" not in options:
            raise InvalidRequestError(f"This is no form with a file. {_FORM}")
        self._name = b""
        self._value = b""
        self._in_file = False
        self._files = 0
        self._ended = False
        self._data: list[bytes] = []
        try:
            self._parser = MultipartParser(
                options[b"boundary"],
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._field,
                    "on_header_value": self._header,
                    "on_header_end": self._header_end,
                    "on_part_data": self._part_data,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise InvalidRequestError(f"This form cannot be read ({error}). {_FORM}") from error

    def feed(self, block: bytes) -> bytes:
        try:
            self._parser.write(block)
        except FormParserError as error:
            raise InvalidRequestError(f"This form cannot be read ({error}). {_FORM}") from error
        data, self._data = b"".join(self._data), []
        return data

    def check(self) -> None:
        """After the last block."""
        if not self._ended:
            raise InvalidRequestError(f"The form is cut off. {_FORM}")
        if self._files != 1:
            raise InvalidRequestError(f"The form has {self._files} files, not one. {_FORM}")

    def _begin(self) -> None:
        self._in_file = False
        self._name = self._value = b""

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            self._in_file = options.get(b"name") == b"file"
            self._files += self._in_file
        self._name = self._value = b""

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file and self._files == 1:
            self._data.append(data[start:end])

    def _end(self) -> None:
        self._ended = True
