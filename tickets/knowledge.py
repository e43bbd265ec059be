"""The knowledge base (知识库): what agents tell citizens, each article with an owner and a day on which it is read again.

An article is Markdown, kept and given out as text. Every change is a new version; everybody reads the published one while a
newer one is written. Synchronous, as the store is. Raises KnowledgeRefused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from tickets import notes
from tickets.case import find
from tickets.database import Database
from tickets.fulltext import matching
from tickets.knowledge_tables import (
    DRAFT,
    LONGEST_CODE,
    PUBLISHED,
    WITHDRAWN,
    Article,
    ArticleVersion,
    ArticleWords,
)
from tickets.life import now
from tickets.moves import CaseRefused
from tickets.numbers import SHANGHAI
from tickets.suggestions import Library, Source, Suggestion
from tickets.words import phrases, tokens

CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
RESERVED = frozenset(("suggestions",))  # stands in the API where a code would
LONGEST_TITLE, LONGEST_BODY, MOST_CATEGORIES = 120, 50_000, 10
SUGGESTED = 5


class KnowledgeRefused(Exception):  # noqa: N818 - a refusal, read as a sentence
    """Nothing was changed. `status` is HTTP's."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


@dataclass(frozen=True)
class Text:
    """What somebody writes. `note`: what was changed, and why."""

    title: str
    body: str
    categories: tuple[str, ...]
    owner: str
    review_on: date
    note: str = ""


@dataclass(frozen=True)
class Shown:
    """An article in one of its versions."""

    article: Article
    text: ArticleVersion


@dataclass(frozen=True)
class Wanted:
    """`newest`: as those who write it see it; else only what is published. `due`: to be read again by this day."""

    query: str = ""
    category: str = ""
    owner: str = ""
    state: str = ""
    due: date | None = None
    newest: bool = False


@dataclass
class Knowledge:
    """Articles over one register."""

    database: Database
    clock: Callable[[], datetime] = now
    _library: Library | None = None
    _of: tuple[Any, ...] = field(default=())

    def articles(self, wanted: Wanted, limit: int = 50, after: str = "") -> Sequence[Shown]:
        """By code. Raises words.NothingToFind."""
        with self.database.reads() as session:
            rows = _shown(wanted.newest).where(Article.code > after, *_filters(session, wanted)).order_by(Article.code).limit(limit)
            return [Shown(article, text) for article, text in session.execute(rows)]

    def article(self, code: str, *, newest: bool = False, version: int | None = None) -> Shown:
        with self.database.reads() as session:
            article = session.get(Article, code)
            number = version or (article and (article.version if newest else article.published))
            text = session.get(ArticleVersion, (code, number)) if article and number else None
            if article is None or text is None:
                raise KnowledgeRefused(404, f"no {'' if newest else 'published '}article has the code {code[:LONGEST_CODE]}")
            return Shown(article, text)

    def versions(self, code: str) -> Sequence[ArticleVersion]:
        """Newest first."""
        with self.database.reads() as session:
            return session.scalars(select(ArticleVersion).where(ArticleVersion.code == code).order_by(ArticleVersion.version.desc())).all()

    def save(self, code: str, text: Text, author: str, base: int = 0) -> Shown:
        """A new version. `base`: the version it was made of, 0 for a new article; one that somebody changed meanwhile is refused."""
        text = _checked(code, text)
        with self.database.writes() as session:
            article = session.get(Article, code, with_for_update=True)
            if article is None and base:
                raise KnowledgeRefused(404, f"no article has the code {code}")
            if (article.version if article else 0) != base:
                raise KnowledgeRefused(409, f"{code} is at version {article.version if article else 0}: read that one first, yours was made of {base}")
            at = self.clock()
            if article is None:
                article = Article(code=code, state=DRAFT, version=0, published=None, changed_at=at)
                session.add(article)
            article.version, article.changed_at = article.version + 1, at
            article.state = PUBLISHED if article.published else DRAFT
            session.flush()
            written = ArticleVersion(code=code, version=article.version, author=author, at=at, **{**vars(text), "categories": list(text.categories)})
            session.add(written)
            _index(session, article)
            return Shown(article, written)

    def publish(self, code: str) -> Shown:
        """Everybody reads its newest version from now on."""
        return self._become(code, PUBLISHED)

    def withdraw(self, code: str) -> Shown:
        """Nobody is told it any more; it stays, and can be published again."""
        return self._become(code, WITHDRAWN)

    def due(self, on: date | None = None) -> Sequence[Shown]:
        """Published ones that should have been read again by this day, today if none is given."""
        return self.articles(Wanted(due=on or self.clock().astimezone(SHANGHAI).date()), limit=1000)

    def suggestions(self, text: str, category: str = "", limit: int = SUGGESTED) -> list[Suggestion]:
        """Published articles that are about this, the likeliest first."""
        return self._current().like(text, category, limit)

    def for_ticket(self, number: str, limit: int = SUGGESTED) -> list[Suggestion]:
        """What may help whoever has this ticket in hand: by its category and words. Raises NoSuchTicket."""
        with self.database.reads() as session:
            ticket = find(session, number)
            noted = [note.text for note in notes.of_ticket(session, ticket.id) if note.kind == "note"]
        said = (ticket.transcript_corrected or ticket.transcript, *noted)
        return self.suggestions("\n".join(text for text in said if text), ticket.category, limit)

    def _current(self) -> Library:
        """All published articles in memory, read again when one of them changed."""
        with self.database.reads() as session:
            state = tuple(session.execute(select(func.count(), func.max(Article.changed_at), func.sum(Article.published)).select_from(Article)).one())
            if self._library is None or self._of != state:
                rows = session.execute(_shown(newest=False)).all()
                self._library = Library([Source(a.code, t.version, t.title, tuple(t.categories), t.body) for a, t in rows])
                self._of = state
            return self._library

    def _become(self, code: str, state: str) -> Shown:
        with self.database.writes() as session:
            article = session.get(Article, code, with_for_update=True)
            if article is None:
                raise KnowledgeRefused(404, f"no article has the code {code[:LONGEST_CODE]}")
            if state == WITHDRAWN and article.published is None:
                raise KnowledgeRefused(409, f"{code} is {article.state}: only what is published can be withdrawn")
            article.state, article.changed_at = state, self.clock()
            article.published = article.version if state == PUBLISHED else None
            session.flush()
            _index(session, article)
            return Shown(article, session.get_one(ArticleVersion, (code, article.version)))


def _shown(newest: bool) -> Select[Article, ArticleVersion]:
    number = Article.version if newest else Article.published
    return select(Article, ArticleVersion).join(ArticleVersion, and_(ArticleVersion.code == Article.code, ArticleVersion.version == number))


def _filters(session: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.query:
        hits = select(ArticleWords.code).where(matching(session, "article_words", phrases(wanted.query)))
        found.append(Article.code.in_(hits))
    if wanted.owner:
        found.append(ArticleVersion.owner == wanted.owner)
    if wanted.state:
        found.append(Article.state == wanted.state)
    if wanted.due:
        found.append(and_(ArticleVersion.review_on <= wanted.due, Article.published.is_not(None)))
    if wanted.category:
        found.append(_in_category(session, wanted.category))
    return found


def _in_category(session: Session, category: str) -> ColumnElement[bool]:
    if session.get_bind().dialect.name == "postgresql":
        return cast(ArticleVersion.categories, JSONB).contains([category])
    each = func.json_each(ArticleVersion.categories).table_valued("value")
    return select(each.c.value).where(each.c.value == category).exists()


def _checked(code: str, text: Text) -> Text:
    if not CODE.fullmatch(code) or len(code) > LONGEST_CODE or code in RESERVED:
        raise KnowledgeRefused(422, f"a code has small letters, figures and dashes, at most {LONGEST_CODE}: {code[:LONGEST_CODE]!r}")
    title, note = _line(text.title), _line(text.note)
    body = text.body.replace("\r\n", "\n").strip()
    if not title or "\n" in title or len(title) > LONGEST_TITLE:
        raise KnowledgeRefused(422, f"a title is one line of at most {LONGEST_TITLE} characters")
    if not body or len(body) > LONGEST_BODY or any(letter < " " and letter not in "\n\t" for letter in body):
        raise KnowledgeRefused(422, f"a body is text of at most {LONGEST_BODY} characters, without control characters")
    if len(text.categories) > MOST_CATEGORIES or not all(CODE.fullmatch(name) and len(name) <= LONGEST_CODE for name in (*text.categories, text.owner)):
        raise KnowledgeRefused(422, f"owner and categories (at most {MOST_CATEGORIES}) are codes of organisations.yaml and categories.yaml")
    return Text(title, body, tuple(dict.fromkeys(text.categories)), text.owner, text.review_on, note)


def _line(text: str) -> str:
    try:
        return notes.checked(text)
    except CaseRefused as no:
        raise KnowledgeRefused(no.status, no.detail) from None


def _index(session: Session, article: Article) -> None:
    text = session.get_one(ArticleVersion, (article.code, article.published or article.version))
    words = session.scalar(select(ArticleWords).where(ArticleWords.code == article.code))
    if words is None:
        session.add(ArticleWords(code=article.code, words=tokens(f"{text.title}\n{text.body}")))
    else:
        words.words = tokens(f"{text.title}\n{text.body}")

