"""What errors call a file that somebody sent."""

from __future__ import annotations

from typing import Any

import pytest
from engine_harness import App
from upload_harness import ended, name, nothing_left, send


@pytest.mark.parametrize(
    ("fields", "called"),
    [
        ({"name": "report", "filename": "report.pdf"}, "'report.pdf'"),
        ({"name": "report"}, "'report'"),
        ({}, "'Upload'"),
    ],
)
async def test_an_error_calls_a_file_by_its_name(
    app: App, fields: dict[str, Any], called: str
) -> None:
    answer = await ended(app, await name(app, await send(app, b"%PDF-1.7 nothing"), **fields))
    assert called in answer["message"]
    assert nothing_left(app)
