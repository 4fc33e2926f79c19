"""The tables. Alembic's migrations in ``engine/migrations`` make them; this says what they hold.

Times of media are integers in a track's own ticks; times of the clock are Unix seconds.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

secrets = Table(
    "secrets",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),  # "key" (sk-…) or "client" (st-…)
    Column("hash", String, nullable=False, unique=True),
    Column("label", String, nullable=False, default=""),
    Column("created_at", Integer, nullable=False),
    Column("expires_at", Integer),
    Column("revoked_at", Integer),
)

collections = Table(
    "collections",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("description", String, nullable=False, default=""),
    Column("is_public", Boolean, nullable=False, default=False),
    Column("created_at", Integer, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String, primary_key=True),
    Column("collection_id", ForeignKey("collections.id"), nullable=False),
    Column("end_user_id", String, nullable=False),
    Column("status", String, nullable=False),
    Column("callback_url", String),
    Column("ws_connection_id", String),
    Column("metadata", JSON, nullable=False),
    Column("channels", JSON, nullable=False),  # list of wire.capture.Channel
    Column("primary_video_channel_id", String),
    Column("export_status", String),
    Column("exported_video_id", String),
    Column("created_at", Integer, nullable=False),
    Column("started_at", Float),
    Column("duration", Float),
    Column("wall_clock", JSON, nullable=False),
    Column("detach", Boolean, nullable=False, default=False),
    Column("error", String),
    Column("sequence", Integer, nullable=False, default=0),
)

rtstreams = Table(
    "rtstreams",
    metadata,
    Column("id", String, primary_key=True),
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("channel_id", String, nullable=False),  # the exact one, "mic:default"
    Column("category", String, nullable=False),
    Column("store", Boolean, nullable=False),
    Column("status", String, nullable=False),
    Column("exported_asset_id", String),
    Column("created_at", Integer, nullable=False),
)

tracks = Table(
    "tracks",
    metadata,
    Column("id", String, primary_key=True),
    Column("session_id", String),
    Column("channel_id", String),  # "mix" for the mix
    Column("kind", String, nullable=False),
    Column("folder", String, nullable=False),  # below the data folder
    Column("manifest", JSON, nullable=False),  # wire.recorder.TrackManifest
    Column("stems", JSON, nullable=False, default=list),  # tracks that the mix was made of
)

assets = Table(
    "assets",
    metadata,
    Column("id", String, primary_key=True),
    Column("collection_id", ForeignKey("collections.id"), nullable=False),
    Column("type", String, nullable=False),
    Column("name", String, nullable=False),
    Column("description", String, nullable=False, default=""),
    Column("length", Float, nullable=False),
    Column("session_id", String),
    Column("channel_id", String),
    Column("file", String),  # images, and originals that are kept as they are
    Column("created_at", Integer, nullable=False),
    Column("deleted_at", Integer),
)

asset_tracks = Table(
    "asset_tracks",
    metadata,
    Column("asset_id", ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True),
    Column("track_id", ForeignKey("tracks.id"), primary_key=True),
    Column("ordinal", Integer, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("key", String, nullable=False),  # equal work has an equal key
    Column("args", JSON, nullable=False),
    Column("status", String, nullable=False),  # queued running done failed cancelled
    Column("progress", Float, nullable=False, default=0.0),
    Column("stage", String, nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    Column("result", JSON),
    Column("error", JSON),  # {"message", "error_code"}
    Column("callback_url", String),
    Column("created_at", Float, nullable=False),
    Column("finished_at", Float),
)
Index("jobs_by_status", jobs.c.status)
Index("jobs_by_key", jobs.c.key)

indexes = Table(
    "indexes",
    metadata,
    Column("id", String, primary_key=True),
    Column("track_id", ForeignKey("tracks.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String, nullable=False),  # "spoken_word", "screen_text", "records:…"
    Column("first_id", Integer, nullable=False),  # its segments: one contiguous range,
    Column("end_id", Integer, nullable=False),  # end exclusive
    Column("model", String, nullable=False),
    Column("language", String),
    Column("created_at", Integer, nullable=False),
)
Index("indexes_by_track", indexes.c.track_id, indexes.c.kind, unique=True)

segments = Table(
    "segments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("track_id", String, nullable=False),
    Column("source", String, nullable=False),  # "spoken_word", "screen_text", "records:…"
    Column("channel_id", String, nullable=False),
    Column("start", Float, nullable=False),  # seconds of the session's media time
    Column("end", Float, nullable=False),
    Column("text", Text, nullable=False),
    Column("words", JSON, nullable=False),  # [[word, start, end], …]
    Column("boxes", JSON(none_as_null=True)),  # of text that was seen: [{text, x, y, w, h}, …]
)

# segments_fts: FTS5 over segments.text, content=segments, content_rowid=id (see the migration).

vectors = Table(
    "vectors",
    metadata,
    Column("segment_id", Integer, primary_key=True),
    Column("f16", LargeBinary, nullable=False),  # 384 half floats, unit length
)

# What people put in the place of words that were misheard; it stays when a track is indexed again.
corrections = Table(
    "corrections",
    metadata,
    Column("id", Integer, primary_key=True),  # in the order in which they were made
    Column("track_id", ForeignKey("tracks.id", ondelete="CASCADE"), nullable=False),
    Column("start", Float, nullable=False),  # seconds: from the first word's start
    Column("end", Float, nullable=False),  # to the last word's end
    Column("was", Text, nullable=False),  # the words that stood there
    Column("words", JSON, nullable=False),  # [[word, start, end], …] that stand there now
    Column("created_at", Integer, nullable=False),
)
Index("corrections_by_track", corrections.c.track_id)

streams = Table(
    "streams",
    metadata,
    Column("id", String, primary_key=True),  # stm- and the hash of the spec
    Column("spec", JSON, nullable=False),
    Column("created_at", Integer, nullable=False),
)

# Timelines that somebody has kept. What their clips show may be deleted meanwhile: see there.
timelines = Table(
    "timelines",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("timeline", JSON, nullable=False),  # wire.editor.Timeline
    Column("version", Integer, nullable=False),  # one more each time the timeline is another
    Column("created_at", Integer, nullable=False),
    Column("updated_at", Float, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String, primary_key=True),
    Column("session_id", String, nullable=False),
    Column("url", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("status", String, nullable=False),  # pending delivered gone abandoned
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_try", Float, nullable=False),
    Column("answer", String),
    Column("created_at", Float, nullable=False),
)
Index("deliveries_due", deliveries.c.status, deliveries.c.next_try)

BY_SESSION = (
    Index("rtstreams_by_session", rtstreams.c.session_id),
    Index("tracks_by_session", tracks.c.session_id),
    Index("assets_by_session", assets.c.session_id),
    Index("asset_tracks_by_track", asset_tracks.c.track_id),
    Index("deliveries_by_session", deliveries.c.session_id),
)
"""What a session left is found without looking at what all others left."""

# Alerts: what is waited for, where, and who is told. None of these holds a word that was said.

alert_events = Table(
    "alert_events",
    metadata,
    Column("id", String, primary_key=True),
    Column("prompt", Text, nullable=False),
    Column("label", String, nullable=False),
    Column("created_at", Integer, nullable=False),
)

live_indexes = Table(
    "live_indexes",
    metadata,
    Column("id", String, primary_key=True),
    Column("rtstream_id", ForeignKey("rtstreams.id", ondelete="CASCADE"), nullable=False),
    Column("extraction_type", String, nullable=False),
    Column("extraction_config", JSON),
    Column("prompt", Text),
    Column("name", String),
    Column("status", String, nullable=False),  # connected stopped
    Column("ws_connection_id", String),
    Column("created_at", Integer, nullable=False),
)
Index("live_indexes_by_rtstream", live_indexes.c.rtstream_id)

alerts = Table(
    "alerts",
    metadata,
    Column("id", String, primary_key=True),
    Column("index_id", ForeignKey("live_indexes.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", ForeignKey("alert_events.id"), nullable=False),
    Column("callback_url", String),
    Column("ws_connection_id", String),
    Column("status", String, nullable=False),  # enabled disabled
    Column("created_at", Integer, nullable=False),
)
Index("alerts_by_index", alerts.c.index_id)
