"""A citizens' program with a key, before an API that speaks Open311."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from ivr.organisations import Organisation
from tests.web.conftest import Hotline
from tickets.case import Cases, Said, Who
from tickets.deadlines import Rules
from tickets.open311 import Service
from web.app import create_app
from web.open311_routes import Provider

RULES = Rules(organisations={"city": Organisation("city", "市政府", 1)})
LIGHTS = Service("street-lights", "路灯", "公共服务", ("路灯", "不亮"))
PROVIDER = Provider(services=lambda: [LIGHTS], jurisdiction_id="dongying.gov.cn", contact="电话 12345", key_service="向热线索取", changeset=lambda: "2026-11-22 10:00")
FORM = {"service_code": "street-lights", "address_string": "黄河路 12 号", "description": "路灯不亮，找 13800005678\n第二行", "phone": "13800001234", "last_name": "王", "first_name": "小明", "email": "w@example.cn"}
AGENT = Who("agent", "agent li")
DONE = (("accept", Said()), ("dispatch", Said(organisation="city")), ("take_up", Said()), ("reply", Said(reply="已修好，电话 13800009999")), ("complete", Said()))


@pytest.fixture
def provider() -> Provider:
    return PROVIDER


@pytest.fixture
def api(hotline: Hotline, provider: Provider) -> Iterator[TestClient]:
    with TestClient(create_app(hotline.store, home=hotline.home, reasons=lambda: [], rules=lambda: RULES, open311=provider), raise_server_exceptions=False) as client:
        yield client


class App:
    """A citizens' program with a key."""

    def __init__(self, api: TestClient, hotline: Hotline) -> None:
        self.api, self.key, self.hotline, self.sent = api, hotline.tokens["integration"], hotline, 1233

    def hands_in(self, status: int = 200, /, headers: dict[str, str] | None = None, end: str = ".json", **form: Any) -> Any:
        self.sent += 1  # another person each time, or it would be the same matter again
        given = {name: value for name, value in (FORM | {"api_key": self.key, "device_id": f"phone-{self.sent}", "phone": f"1380000{self.sent:04}"} | form).items() if value is not None}
        said = self.api.post(f"/open311/v2/requests{end}", data=given, headers=headers)
        assert said.status_code == status, said.text
        return said.json() if end == ".json" else said

    def number(self, **form: Any) -> str:
        number: str = self.hands_in(**form)[0]["service_request_id"]
        return number

    def asks(self, path: str, status: int = 200, /, **query: Any) -> Any:
        said = self.api.get(f"/open311/v2/{path}", params=query)
        assert said.status_code == status, said.text
        return said.json()

    def moves(self, number: str, *moves: tuple[str, Said]) -> None:
        for name, said in moves:
            Cases(self.hotline.store.database, lambda: RULES).move(number, name, AGENT, said)


@pytest.fixture
def app(api: TestClient, hotline: Hotline) -> App:
    return App(api, hotline)


def numbers(found: Any) -> list[str]:
    return [request["service_request_id"] for request in found]
