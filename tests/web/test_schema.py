"""The whole API against its own description: whatever is sent, the answer is one that /openapi.json promises, and never a fault.

`make test` sends a few requests to each operation; `make schema` so many as EXAMPLES says.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import CheckContext
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.web.conftest import Hotline
from tickets.store import Store
from tickets.tokens import ROLES
from web.app import create_app

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "2"))
ENDLESS = "/api/events"  # a stream
KNOWN = {"number_or_id": "", "service_request_id": "", "service_code": "other", "form": "json"}  # so that not every question is for what is not there


@schemathesis.check
def no_fault(ctx: CheckContext, response: Response, case: Case) -> None:
    """Faults of ours; and every refusal of the API is a problem."""
    assert response.status_code != 500, response.text
    if response.status_code >= 400 and case.path.startswith("/api"):
        assert response.headers["content-type"] == ["application/problem+json"]


CHECKS = [no_fault, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def alive(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[Hotline]:
    home = tmp_path_factory.mktemp("schema")
    shutil.copyfile(template, home / "hotline.sqlite3")
    store = Store(f"sqlite:///{home / 'hotline.sqlite3'}")
    (home / "spool").mkdir()
    hotline = Hotline(home, store)
    hotline.tokens = {role: store.tokens.create(role)[1] for role in ROLES}
    hotline.leave("voicemail")
    yield hotline
    store.close()


CAREFUL = settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.generate], deadline=None, derandomize=EXAMPLES < 10, suppress_health_check=list(HealthCheck), database=None)


def test_every_answer_is_one_that_was_promised(alive: Hotline) -> None:
    """One test for all operations, so that one run names all that is wrong."""
    wrong: dict[str, str] = {}
    for operation, mode in itertools.product(operations(alive), GenerationMode):

        @CAREFUL
        @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
        def asks(case: Case, known: bool) -> None:
            for name, value in KNOWN.items():
                if known and name in case.path_parameters:
                    case.path_parameters[name] = value or alive.store.tickets(1)[0].number
            case.validate_response(case.call(headers=alive.headers("administrator")), checks=CHECKS)

        try:
            asks()
        except Unsatisfiable:  # nothing of it can be wrong
            continue
        except (FailureGroup, AssertionError) as no:
            wrong[f"{operation.label} {mode.name}"] = "; ".join(str(one) for one in getattr(no, "exceptions", [no]))[:900]
    assert not wrong, "\n\n".join(f"{label}: {why}" for label, why in wrong.items())


def test_without_a_token_nothing_of_the_api_answers(alive: Hotline) -> None:
    for operation in operations(alive):
        if operation.definition.raw.get("security"):
            said = operation.Case(path_parameters=dict.fromkeys(re.findall(r"{(\w+)}", operation.path), "x")).call()
            assert (operation.label, said.status_code) == (operation.label, 401)


def operations(alive: Hotline) -> list[schemathesis.schemas.APIOperation]:
    schema = schemathesis.openapi.from_asgi("/openapi.json", create_app(alive.store, home=alive.home, reasons=lambda: []))
    return [found.ok() for found in schema.exclude(path=ENDLESS).get_all_operations()]
