"""Images."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse

from jupyter_capture.engine.routes._recorded import Row, router_of
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.errors import NotFoundError
from jupyter_capture.wire import Ok
from jupyter_capture.wire.library import ImagePage

images = router_of("image")
tickets = APIRouter(tags=["image"])
Get = Annotated[Services, Depends(services_of)]

_TYPES = {
    ".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".gif": "image/gif",
    ".bmp": "image/bmp", ".tif": "image/tiff",
}  # fmt: skip
_HEADERS = {
    # A notebook's page has another origin. What a ticket opens, its holder may read.
    "access-control-allow-origin": "*",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cache-control": "private, max-age=86400, immutable",
}


@images.get("")
def listed(services: Get, collection_id: str = "default") -> Ok[ImagePage]:
    services.library.collection(collection_id)
    rows = services.library.assets(collection_id, "image")
    return Ok(data=ImagePage(images=[services.asset(row) for row in rows]))


@images.post("/{asset_id}/generate_url")
def generate_url(row: Row, services: Get) -> Ok[dict[str, str | None]]:
    return Ok(data={"signed_url": services.asset(row).url})


@tickets.get("/picture/{token}")
def picture(token: str, services: Get) -> FileResponse:
    """The file of an image, as it was uploaded."""
    row = services.library.asset(services.tickets.check("image", token), "image")
    path = services.library.file_of(row)
    if not path.is_file():
        raise NotFoundError(f"The file of {row.id} is not there any more.")
    return FileResponse(path, media_type=_TYPES[path.suffix], headers=_HEADERS)


router = APIRouter()
router.include_router(images)
router.include_router(tickets)
