"""Tickets found by words over the API and by command; what cannot be looked for is said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from hotline.cli import build
from tests.tickets.test_store import AUDIO, ITEM
from tests.web.conftest import Hotline
from tickets.transcriber import Transcript


def test_words_filters_and_pages(api: TestClient, hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    for count, text in enumerate(("停水三天", "广场舞噪音", "又停水了，电话13800001234")):
        ticket = hotline.store.adopt(replace(ITEM, item=f"m{count}"), AUDIO)
        hotline.store.record_transcript(ticket.id, Transcript(text, text, "test", "test", 1.0, "share", False, {}))

    def asks(status: int = 200, **query: str) -> dict[str, object]:
        said = api.get("/api/tickets", params=query, headers=hotline.headers("supervisor"))
        assert said.status_code == status, said.text
        answer: dict[str, object] = said.json()
        return answer

    def texts(answer: dict[str, object]) -> list[str]:
        return [row["transcript"] for row in answer["items"]]  # type: ignore[attr-defined]

    first = asks(q="停水", limit="1")
    assert texts(first) == ["又停水了，电话13800001234"]
    assert texts(asks(q="停水", cursor=str(first["next"]))) == ["停水三天"]
    assert texts(asks(q="停水", channel="fax")) == texts(asks(q="13800001234")) == []
    assert "give a word" in str(asks(422, q="？")["detail"])
    assert asks(422, q="水" * 101)

    monkeypatch.setenv("HOTLINE_HOME", str(hotline.home))
    monkeypatch.setenv("HOTLINE_DATABASE_URL", f"sqlite:///{hotline.home / 'hotline.sqlite3'}")
    said = CliRunner().invoke(build(), ["tickets", "search", "噪音", "--json"])
    assert said.exit_code == 0 and said.stdout.count("广场舞噪音") >= 1 and "停水" not in said.stdout
    assert CliRunner().invoke(build(), ["tickets", "search", "！"]).exit_code == 1
