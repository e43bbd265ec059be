"""Tickets are found by two characters of Chinese, the same ones on both databases, and nobody by their number."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.tickets.test_store import AUDIO, ITEM
from tickets.case import Cases, Who
from tickets.case_edits import Edits
from tickets.store import Store
from tickets.transcriber import Transcript
from tickets.words import MOST_TOKENS, NothingToFind, has, phrases, tokens

SAID = (
    "和平路停水了三天，自来水公司没人管",
    "楼下广场舞噪音太大，影响孩子睡觉",
    "公交站 WiFi 连不上，12345号站牌倒了",
    "幸福小区A座10号楼3单元没有暖气，打13800001234找王小明",
    "共和平等的话题；水，停了",
    "長安街噪聲擾民",
    "",
)
STAFF = Who("agent", "desk")


def said(store: Store, *texts: str) -> list[str]:
    """Numbers of tickets whose callers said this."""
    numbers = []
    for text in texts:
        ticket = store.adopt(replace(ITEM, item=f"m{len(numbers)}"), AUDIO)
        fields = {"persons": [{"value": "王小明", "words": "王小明"}]}
        store.record_transcript(ticket.id, Transcript(text, text, "test", "test", 1.0, "share", False, {"fields": fields}))
        numbers.append(ticket.number)
    return numbers


def found(store: Store, query: str, **more: str) -> list[int]:
    """Places in SAID, oldest first."""
    return sorted(int(row.number[-6:]) - 1 for row in store.search(query, **more))


QUERIES = {  # and the places of SAID where it stands
    "停水": [0], "噪音": [1], "噪声": [5], "长安": [5], "長安": [5], "12345": [2], "1234": [], "wifi": [2], "ＷＩＦＩ": [2], "没人管": [0], "停水 公司": [0],
    "停水 噪音": [], "和平": [0, 4], "和平路": [0], "A座": [3], "座10": [3], "号楼3单元": [3], "3号楼": [],
    "10号楼": [3], "站牌倒了": [2], "水停": [], "楼3单元": [3], "路停水": [0], "10号": [3], "扰民": [5], "王小明": [], "13800001234": [], "暖气": [3], "小明": [],
}  # fmt: skip


HOSTILE = (
    '"', "'", '停水"', "停水'", "停水 OR 噪音", "停水 NOT 三天", "NEAR(停水 噪音)", "words:停水", "停水*", "-停水", "^停水", "停水 | 噪音", "!停水", "停水:*", "停水 <-> 噪音",
    "{停水}", "(停水", "停水 AND", "'; DROP TABLE tickets; --", "\\", "%", "停水\x00", "\ud800停水", "停水\r\n噪音",
)  # fmt: skip


def test_what_is_found_on_either_database(store: Store) -> None:
    said(store, *SAID)
    assert {query: found(store, query) for query in QUERIES} == QUERIES
    for sign in HOSTILE:  # of a query language: here they only part words
        with contextlib.suppress(NothingToFind):
            assert found(store, sign) == [at for at, text in enumerate(SAID) if has(tokens(text), phrases(sign))], sign
    the_newest_come_first_page_by_page_and_filters_hold(store)


def the_newest_come_first_page_by_page_and_filters_hold(store: Store) -> None:
    first = store.search("和平", 1)
    rest = store.search("和平", 2, before=first[-1].id)
    assert [int(row.number[-6:]) for row in (*first, *rest)] == [5, 1]
    assert found(store, "和平", stage="pending") == [0, 4]
    assert found(store, "和平", stage="filed") == []
    number = store.tickets(1)[0].number
    assert [row.number for row in store.search(number)] == [number]


@pytest.mark.parametrize("query", ["", " ", "，。！", "水", "水 电", "-" * 101, " ".join("甲乙丙丁戊己庚辛壬")])
def test_a_question_without_words_or_without_end_is_refused(query: str) -> None:
    with pytest.raises(NothingToFind):
        phrases(query)


def test_words_that_are_put_right_and_notes_are_found_at_once(store: Store) -> None:
    [number] = said(store, "停睡三天")
    edits = Edits(Cases(store.database))
    edits.correct(number, STAFF, "停水三天")
    edits.add_note(number, STAFF, "已联系供水所，电话0546-8381234")
    assert found(store, "停水") == found(store, "供水所") == found(store, "停睡") == [0]
    assert found(store, "8381234") == found(store, "05468381234") == []


@given(st.text(max_size=40), st.text(min_size=2, max_size=4))
@example("水" * 20_000, "水水")
def test_two_characters_that_stand_together_are_always_found(around: str, word: str) -> None:
    letters = tokens(f"{around} {word}")
    assert len(letters) <= MOST_TOKENS
    try:
        wanted = phrases(word)
    except NothingToFind:
        return
    assert has(letters, wanted)

