"""What is indexed of an asset as points: moments with the vectors that a search compares."""

from __future__ import annotations

import base64

from sqlalchemy import select

from jupyter_capture.engine.index import DIMENSIONS
from jupyter_capture.engine.library import AssetRow, Library
from jupyter_capture.engine.schema import indexes, segments
from jupyter_capture.engine.schema import vectors as vector_rows
from jupyter_capture.engine.store import Store
from jupyter_capture.errors import NotIndexedError
from jupyter_capture.wire.library import Point, Points

LONGEST = 300
"""Letters of a moment's text that are told."""
_AT_ONCE = 500


class PointsOf:
    def __init__(self, store: Store, library: Library) -> None:
        self._store = store
        self._library = library

    def of(self, asset: AssetRow, most: int) -> Points:
        """At most so many of an asset's moments, spread evenly over them in order of time.

        Raises NotIndexedError where nothing of it is indexed.
        """
        own = self._library.tracks_of(asset.id)
        spoken = self._library.speech_tracks(asset.id)
        held = {track.id for track in (*own, *spoken)}
        with self._store.read() as connection:
            known = select(indexes.c.id).where(indexes.c.track_id.in_(held))
            if connection.execute(known).first() is None:
                raise NotIndexedError(
                    f"{asset.id} ({asset.name}) is not indexed yet. Call index_spoken_words() or "
                    "index_screen_text() on it first."
                )
            found = connection.execute(
                select(segments.c.id)
                .join(vector_rows, vector_rows.c.segment_id == segments.c.id)
                .where(segments.c.track_id.in_(held))
                .order_by(segments.c.start, segments.c.id)
            )
            ids = list(found.scalars())
            count = len(ids)
            if count > most:
                ids = [ids[number * count // most] for number in range(most)]
            rows = {}
            for start in range(0, len(ids), _AT_ONCE):
                wanted = segments.c.id.in_(ids[start : start + _AT_ONCE])
                both = select(segments, vector_rows.c.f16).join(
                    vector_rows, vector_rows.c.segment_id == segments.c.id
                )
                rows.update({row.id: row for row in connection.execute(both.where(wanted))})
        ordered = [rows[id] for id in ids]
        points = [
            Point(
                start=row.start,
                end=min(row.end, asset.length),
                text=row.text[:LONGEST],
                channel=row.channel_id,
                source=row.source.partition(":")[0],
            )
            for row in ordered
        ]
        vectors = base64.b64encode(b"".join(row.f16 for row in ordered)).decode("ascii")
        return Points(points=points, count=count, dimensions=DIMENSIONS, vectors=vectors)
