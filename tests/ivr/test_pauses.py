"""pauses.yaml and what queues.yaml says of agents: read, and each mistake with its message."""

from __future__ import annotations

import pytest

from ivr.loading import check, load
from ivr.pauses import USUAL
from tests.ivr.cities import good_texts

GOOD = 'meal:\n  name: 用餐\n  key: "2"\n  minutes: 45\ntea:\n  name: 喝茶\n  key: "1"\n'


def test_reasons_have_a_key_and_a_limit() -> None:
    pauses = load(good_texts(pauses=GOOD)).pauses
    assert {name: (pause.label, pause.key, pause.minutes) for name, pause in pauses.items()} == {"meal": ("用餐", "2", 45), "tea": ("喝茶", "1", 0)}


def test_a_city_that_says_nothing_has_the_usual_ones() -> None:
    assert load(good_texts()).pauses == USUAL and len({pause.key for pause in USUAL.values()}) == len(USUAL)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (GOOD + 'nap:\n  name: 午睡\n  key: "1"\n', "pauses.yaml:10: nap/key: key 1 is tea's already"),
        ('meal:\n  name: 用餐\n  key: "12"\n', "pauses.yaml:3: meal/key: must be one digit from 1 to 9"),
        ('meal:\n  name: 用餐\n  key: "0"\n', "pauses.yaml:3: meal/key: must be one digit from 1 to 9"),
        ('meal:\n  name: 用餐\n  key: "1"\n  minutes: 601\n', "pauses.yaml:4: meal/minutes: must be a whole number from 0 to 600"),
        ('meal:\n  name: 用餐\n  key: "1"\n  limit: 5\n', 'pauses.yaml:4: meal/limit: no such field "limit"'),
        ('in-call:\n  name: 通话\n  key: "1"\n', 'pauses.yaml:1: in-call: "in-call" is what the hotline itself calls a pause'),
        ('Meal:\n  name: 用餐\n  key: "1"\n', 'pauses.yaml:1: Meal: "Meal" is not small letters, digits and dashes'),
        ("meal: 45\n", "pauses.yaml:1: meal: must be names with a colon and their values"),
    ],
)
def test_a_mistake_is_refused_where_it_stands(text: str, fault: str) -> None:
    assert any(str(found).startswith(fault) for found in check(good_texts(pauses=text))), list(map(str, check(good_texts(pauses=text))))


def test_a_queue_whose_agents_shall_hear_its_name_needs_the_prompt() -> None:
    texts = good_texts()
    first = next(line for line in texts["queues.yaml"].splitlines() if line and not line.startswith(("#", " ")))
    texts["queues.yaml"] = texts["queues.yaml"].replace(first, f"{first}\n  agent_hears: queue", 1)
    name = first.rstrip(":")
    [fault] = check(texts)
    assert fault.message == f'the prompt "queue-{name}" is missing' and fault.path == f"{name}/agent_hears"
    texts["prompts.yaml"] += f"queue-{name}: 投诉\n"
    assert check(texts) == ()
