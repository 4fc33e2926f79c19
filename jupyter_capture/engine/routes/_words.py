"""The words of a session's stream, said or seen, as the index that VideoDB makes of them."""

from __future__ import annotations

from typing import Any

from jupyter_capture.engine.services import Services
from jupyter_capture.errors import NotFoundError

_SPOKEN = "spoken_word"
_KINDS = {_SPOKEN: "transcript", "screen_text": "time"}


def words_index(
    services: Services, rtstream_id: str, index_id: str | None = None
) -> dict[str, Any]:
    """Raises NotFoundError where the stream has no index, or none of this id."""
    row = services.records.stream(rtstream_id)
    found = []
    if row.exported_asset_id is not None:
        asset = services.library.asset(row.exported_asset_id)
        found = [one for one in services.finder.indexes_of(asset) if one.name in _KINDS]
    for index in found:
        if index_id in (None, index.index_id):
            return {
                "rtstream_index_id": index.index_id,
                "rtstream_id": rtstream_id,
                "extraction_type": _KINDS[index.name],
                "extraction_config": {"segmenter": "sentence"} if index.name == _SPOKEN else {},
                "name": index.name,
                "status": index.status,
            }
    known = ", ".join(index.index_id for index in found) or "none"
    raise NotFoundError(f"{rtstream_id} has no index {index_id!r}. It has: {known}.")
