"""Articles as files: Markdown under a head of YAML, named by their code; a folder of them is taken in as a whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, YAMLError

from tickets.knowledge import LONGEST_BODY, Knowledge, KnowledgeRefused, Shown, Text

FENCE = "---\n"
FIELDS = frozenset(("title", "categories", "owner", "review_on"))


def read(path: Path) -> Text:
    """Raises KnowledgeRefused with the file's name in it, and OSError."""
    try:
        with path.open(encoding="utf-8") as file:
            whole = file.read(LONGEST_BODY * 2)
        return _text(whole.replace("\r\n", "\n").removeprefix("\ufeff"))
    except (YAMLError, UnicodeDecodeError) as error:
        raise KnowledgeRefused(422, f"{path.name}: {str(error).splitlines()[0]}") from error
    except KnowledgeRefused as no:
        raise KnowledgeRefused(422, f"{path.name}: {no.detail}") from None


def take_in(knowledge: Knowledge, texts: Mapping[str, Text], author: str, *, publish: bool) -> list[tuple[str, str]]:
    """Articles by code: a new version of each that is other than its newest one. Returns code and what was done."""
    done = []
    for code, text in texts.items():
        known = _newest(knowledge, code)
        if known and _same(known, text):
            done.append((code, "unchanged"))
        else:
            knowledge.save(code, text, author, known.article.version if known else 0)
            done.append((code, "changed" if known else "new"))
        if publish and (known is None or known.article.published != known.article.version or done[-1][1] != "unchanged"):
            knowledge.publish(code)
    return done


def _newest(knowledge: Knowledge, code: str) -> Shown | None:
    try:
        return knowledge.article(code, newest=True)
    except KnowledgeRefused:
        return None


def _same(known: Shown, text: Text) -> bool:
    there = known.text
    return (there.title, there.body, tuple(there.categories), there.owner, there.review_on) == (
        text.title, text.body.strip(), tuple(dict.fromkeys(text.categories)), text.owner, text.review_on,
    )  # fmt: skip


def _text(whole: str) -> Text:
    if not whole.startswith(FENCE) or f"\n{FENCE}" not in whole[len(FENCE) :]:
        raise KnowledgeRefused(422, "it begins with ---, title, categories, owner, review_on and --- again")
    head, body = whole[len(FENCE) :].split(f"\n{FENCE}", 1)
    said: Any = YAML(typ="safe").load(head)
    if not isinstance(said, dict) or set(said) - FIELDS or FIELDS - set(said):
        raise KnowledgeRefused(422, f"its head has {', '.join(sorted(FIELDS))}, and nothing else")
    if not isinstance(said["review_on"], date) or not isinstance(said["categories"], list):
        raise KnowledgeRefused(422, "review_on is a day such as 2027-03-01, categories is a list")
    return Text(str(said["title"]), body, tuple(map(str, said["categories"])), str(said["owner"]), said["review_on"])
