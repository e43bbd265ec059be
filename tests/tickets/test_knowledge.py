"""Articles with versions, owners and days of review, found by two characters on either database; suggestions by what is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from hotline.settings import DIALPLANS
from tests.tickets.test_store import AUDIO, ITEM
from tickets import knowledge_files
from tickets.knowledge import Knowledge, KnowledgeRefused, Text, Wanted
from tickets.store import Store
from tickets.suggestions import LEAST, SAME_CATEGORY, Library, Source
from tickets.transcriber import Transcript

EXAMPLES = DIALPLANS / "12345" / "knowledge"
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
WATER = Text("停水了怎么办", "先看停水公告。", ("water",), "water-company", date(2027, 3, 1))


def examples() -> dict[str, Text]:
    return {path.stem: knowledge_files.read(path) for path in sorted(EXAMPLES.glob("*.md"))}


def codes(knowledge: Knowledge, **wanted: object) -> list[str]:
    return [shown.article.code for shown in knowledge.articles(Wanted(**wanted))]  # type: ignore[arg-type]


def test_from_draft_to_withdrawn(store: Store) -> None:
    knowledge = Knowledge(store.database, lambda: NOON)
    knowledge.save("water", WATER, "li")
    assert codes(knowledge) == [] and codes(knowledge, newest=True) == codes(knowledge, newest=True, state="draft") == ["water"]
    assert knowledge.suggestions("停水了") == []
    knowledge.publish("water")
    knowledge.save("water", replace(WATER, title="停水、水压低", body="水压低请看表前阀门。"), "wang", base=1)
    read, newest = knowledge.article("water"), knowledge.article("water", newest=True)
    assert (read.text.version, newest.text.version, read.article.state) == (1, 2, "published")
    assert codes(knowledge, query="停水 公告") == ["water"] and codes(knowledge, query="阀门") == []
    knowledge.publish("water")
    assert codes(knowledge, query="公告") == [] and codes(knowledge, query="阀门") == codes(knowledge, category="water") == ["water"]
    assert codes(knowledge, category="noise") == codes(knowledge, owner="police") == codes(knowledge, query="阀门", category="noise") == []
    assert [found.source.version for found in knowledge.suggestions("我家水压低")] == [2]
    assert [text.author for text in knowledge.versions("water")] == ["wang", "li"]
    knowledge.withdraw("water")
    assert codes(knowledge) == [] and knowledge.suggestions("水压") == []
    with pytest.raises(KnowledgeRefused, match="no published article"):
        knowledge.article("water")
    assert knowledge.publish("water").article.published == 2


def test_what_somebody_changed_meanwhile_is_not_written_over(store: Store) -> None:
    knowledge = Knowledge(store.database)
    knowledge.save("water", WATER, "li")
    for base in (0, 2):
        with pytest.raises(KnowledgeRefused, match="is at version 1") as no:
            knowledge.save("water", WATER, "wang", base)
        assert no.value.status == 409
    assert knowledge.save("water", WATER, "wang", 1).text.version == 2


def test_reviews_that_are_due(store: Store) -> None:
    knowledge = Knowledge(store.database, lambda: NOON)
    for code, day in (("late", 21), ("today", 22), ("later", 23), ("draft", 1)):
        knowledge.save(code, replace(WATER, review_on=date(2026, 11, day)), "li")
        if code != "draft":
            knowledge.publish(code)
    assert [shown.article.code for shown in knowledge.due()] == ["late", "today"]
    knowledge.save("late", WATER, "li", 1)
    knowledge.publish("late")
    assert [shown.article.code for shown in knowledge.due()] == ["today"]


@pytest.mark.parametrize(
    "wrong",
    [{"title": ""}, {"title": "a\nb"}, {"title": "水" * 121}, {"title": "\x1b[31m"}, {"body": " "}, {"body": "x" * 50_001}, {"body": "\x00"}, {"categories": ("水",)},
     {"categories": tuple(f"c{n}" for n in range(11))}, {"owner": ""}, {"owner": "'; --"}, {"code": "Water"}, {"code": "../x"}, {"code": "suggestions"}, {"code": "x" * 41}],
)  # fmt: skip
def test_what_cannot_be_an_article(store: Store, wrong: dict[str, object]) -> None:
    knowledge = Knowledge(store.database)
    with pytest.raises(KnowledgeRefused) as no:
        knowledge.save(str(wrong.get("code", "water")), replace(WATER, **{name: value for name, value in wrong.items() if name != "code"}), "li")  # type: ignore[arg-type]
    assert no.value.status == 422 and codes(knowledge, newest=True) == []


def test_the_examples_are_good_articles_of_the_city_and_taken_in_once(store: Store) -> None:
    knowledge, texts = Knowledge(store.database, lambda: NOON), examples()
    city = [set(YAML(typ="safe").load(EXAMPLES.parent / name)) for name in ("categories.yaml", "organisations.yaml")]
    assert {name for text in texts.values() for name in text.categories} <= city[0] and {text.owner for text in texts.values()} <= city[1]
    assert {what for _, what in knowledge_files.take_in(knowledge, texts, "li", publish=True)} == {"new"}
    assert {what for _, what in knowledge_files.take_in(knowledge, texts, "li", publish=True)} == {"unchanged"}
    for said, category, code in SAID:
        assert [found.source.code for found in knowledge.suggestions(said, category)][0] == code, said
    assert knowledge.suggestions("请问你们几点下班") == []


SAID = [
    ("我们小区停水三天了", "", "water-outage"), ("楼上天天装修打钻，吵得睡不着", "", "night-noise"), ("暖气不热，家里才十四度", "", "heating-cold"),
    ("井盖不见了很危险", "", "road-damage"), ("物业乱收费", "", "property-fee"), ("老板拖欠我工资半年", "", "unpaid-wages"), ("异地就医怎么报销", "", "medical-refund"),
    ("垃圾好几天没人清运", "", "rubbish"), ("", "water", "water-outage"), ("喂，你好", "noise", "night-noise"),
]  # fmt: skip


def test_suggestions_for_the_ticket_in_hand(store: Store) -> None:
    knowledge = Knowledge(store.database)
    knowledge_files.take_in(knowledge, examples(), "li", publish=True)
    ticket = store.adopt(ITEM, AUDIO)
    text = "幸福小区三号楼停水两天，没有公告"
    store.record_transcript(ticket.id, Transcript(text, text, "test", "test", 1.0, "share", False, {}))
    best = knowledge.for_ticket(ticket.number)[0]
    assert (best.source.code, best.words[0]) == ("water-outage", "停水") and best.score > LEAST


def test_a_word_that_few_articles_have_counts_more_and_order_is_always_the_same() -> None:
    library = Library([Source(code, 1, title, (code,), body) for code, title, body in (("a", "停水", "小区停水"), ("b", "停电", "小区停电"), ("c", "小区", "小区小区"))])
    assert [found.source.code for found in library.like("小区停电了")] == ["b", "c", "a"]
    assert [(found.source.code, found.score) for found in library.like("无关", "c")] == [("c", SAME_CATEGORY)]
    assert Library([]).like("停水") == library.like("") == []


@pytest.mark.parametrize(
    ("whole", "why"),
    [("# 停水", "it begins with ---"), ("---\ntitle: x\n---\nb", "its head has"), ("---\ntitle: [\n---\nb", "x.md: "), ("---\n!!python/object:os.system x\n---\nb", "x.md"),
     ("---\ntitle: x\ncategories: [a]\nowner: o\nreview_on: soon\n---\nb", "review_on is a day"), (b"\xff\xfe", "x.md")],
)  # fmt: skip
def test_files_that_are_no_articles(tmp_path: Path, whole: str | bytes, why: str) -> None:
    path = tmp_path / "x.md"
    path.write_bytes(whole if isinstance(whole, bytes) else whole.encode())
    with pytest.raises(KnowledgeRefused, match=why):
        knowledge_files.read(path)
