"""/api/knowledge: articles for agents, what is likely meant by what a caller says, and the writing of articles.

Markdown goes out as the text it is, in JSON; whoever shows it escapes it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from queues import audit
from queues.actor import Refused
from queues.audit import Line
from tickets.knowledge import (
    LONGEST_BODY,
    LONGEST_TITLE,
    MOST_CATEGORIES,
    Knowledge,
    KnowledgeRefused,
    Shown,
    Text,
    Wanted,
)
from tickets.suggestions import LONGEST_TEXT, Suggestion
from tickets.wire import moment
from tickets.words import LONGEST_QUERY, NothingToFind
from web import personal
from web.access import May, Reader, needs, refused
from web.asking import actor
from web.problems import Problem

LARGEST_PAGE = 200
router = APIRouter(tags=["knowledge"])
Readers = Annotated[Reader, Depends(needs(May.READ_TICKETS))]
Writers = Annotated[Reader, Depends(needs(May.EDIT_KNOWLEDGE))]
Code = Annotated[str, Field(max_length=40)]
Few = Annotated[int, Query(ge=1, le=20)]


class ArticleView(BaseModel):
    code: str = Field(examples=["water-outage"])
    state: Literal["draft", "published", "withdrawn"]
    version: int = Field(description="the one shown here")
    newest: int
    published: int | None = Field(description="the one everybody reads")
    title: str
    categories: list[str]
    owner: str = Field(description="code of the organisation that answers for it")
    review_on: date
    changed_at: datetime


class ArticleWithText(ArticleView):
    body: str = Field(description="Markdown, not HTML: escape it")
    note: str
    author: str


class ArticlePage(BaseModel):
    items: list[ArticleView]
    next: str | None


class VersionPage(BaseModel):
    items: list[ArticleWithText]
    next: str | None


class SuggestionView(BaseModel):
    code: str
    version: int
    title: str
    categories: list[str]
    score: float = Field(description="the higher the likelier; only comparable within one answer")
    words: list[str] = Field(description="what speaks for it; empty: only the category")


class SuggestionPage(BaseModel):
    items: list[SuggestionView]
    next: str | None


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ArticleBody(_Body):
    title: Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE)]
    body: Annotated[str, Field(min_length=1, max_length=LONGEST_BODY)]
    categories: list[Code] = Field([], max_length=MOST_CATEGORIES)
    owner: Code
    review_on: date
    note: Annotated[str, Field(max_length=500)] = ""
    base: Annotated[int, Field(ge=0, le=10**6)] = Field(0, description="the version it was made of; 0: a new article")


class StateBody(_Body):
    state: Literal["published", "withdrawn"]


@router.get("/api/knowledge", response_model=ArticlePage)
def articles(
    request: Request,
    holder: Readers,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
    cursor: Annotated[str, Query(max_length=40, description="`next` of the page before")] = "",
    q: Annotated[str, Query(max_length=LONGEST_QUERY)] = "",
    category: Annotated[str, Query(max_length=40)] = "",
    owner: Annotated[str, Query(max_length=40)] = "",
    state: Literal["draft", "published", "withdrawn"] | None = None,
    due: Annotated[date | None, Query(description="published ones that somebody must read again by this day")] = None,
    newest: Annotated[bool, Query(description="drafts, too, for those who may write")] = False,
) -> dict[str, Any]:
    """By code. Without `newest` the published ones."""
    try:
        rows = _knowledge(request).articles(Wanted(q, category, owner, state or "", due, newest and _writes(holder)), limit + 1, cursor)
    except NothingToFind as no:
        raise Problem(422, f"q: {no}") from None
    return {"items": [_view(row) for row in rows[:limit]], "next": rows[limit - 1].article.code if len(rows) > limit else None}


@router.get("/api/knowledge/suggestions", response_model=SuggestionPage)
def suggestions(
    request: Request,
    holder: Readers,
    text: Annotated[str, Query(max_length=LONGEST_TEXT, description="what was just said")] = "",
    category: Annotated[str, Query(max_length=40)] = "",
    limit: Few = 5,
) -> dict[str, Any]:
    """What a live phrase is likely about."""
    return _suggested(_knowledge(request).suggestions(text, category, limit))


@router.get("/api/tickets/{number_or_id}/suggestions", response_model=SuggestionPage)
def for_ticket(request: Request, holder: Readers, number_or_id: str, limit: Few = 5) -> dict[str, Any]:
    """What may help whoever has this ticket in hand: by its category and words."""
    return _suggested(_knowledge(request).for_ticket(personal.find(request, holder, number_or_id).number, limit))


@router.get("/api/knowledge/{code}", response_model=ArticleWithText)
def article(
    request: Request, holder: Readers, code: str, newest: bool = False, version: Annotated[int | None, Query(ge=1, le=10**6)] = None
) -> dict[str, Any]:
    """The published version; for those who may write the newest, or any."""
    mine = _writes(holder)
    with _answered(request, holder):
        return _whole(_knowledge(request).article(code, newest=newest and mine, version=version if mine else None))


@router.get("/api/knowledge/{code}/versions", response_model=VersionPage)
def versions(request: Request, holder: Writers, code: str) -> dict[str, Any]:
    """All that was written, newest first."""
    knowledge = _knowledge(request)
    with _answered(request, holder):
        known = knowledge.article(code, newest=True).article
    return {"items": [_whole(Shown(known, text)) for text in knowledge.versions(code)], "next": None}


@router.put("/api/knowledge/{code}", response_model=ArticleWithText)
def save(request: Request, holder: Writers, code: str, body: ArticleBody) -> dict[str, Any]:
    """A new version; everybody reads the published one until this one is published."""
    text = Text(body.title, body.body, tuple(body.categories), body.owner, body.review_on, body.note)
    with _answered(request, holder):
        saved = _knowledge(request).save(code, text, str(actor(holder)), body.base)
    return _whole(saved)


@router.post("/api/knowledge/{code}/state", response_model=ArticleWithText)
def become(request: Request, holder: Writers, code: str, body: StateBody) -> dict[str, Any]:
    """Publish its newest version, or withdraw it; a line of the audit either way."""
    knowledge = _knowledge(request)
    with _answered(request, holder):
        done = knowledge.publish(code) if body.state == "published" else knowledge.withdraw(code)
    audit.write(request.app.state.store.database, Line(actor(holder), f"knowledge.{body.state}", code, reason=f"version {done.text.version}"))
    return _whole(done)


@contextlib.contextmanager
def _answered(request: Request, holder: Reader) -> Iterator[None]:
    try:
        yield
    except KnowledgeRefused as no:
        if no.status != HTTPStatus.NOT_FOUND:
            refused(request, holder, no.detail)
        raise Refused(no.status, HTTPStatus(no.status).phrase, no.detail) from None


def _knowledge(request: Request) -> Knowledge:
    knowledge: Knowledge = request.app.state.knowledge
    return knowledge


def _writes(holder: Reader) -> bool:
    return holder.may(May.EDIT_KNOWLEDGE)


def _view(shown: Shown) -> dict[str, Any]:
    article, text = shown.article, shown.text
    return {
        "code": article.code, "state": article.state, "version": text.version, "newest": article.version, "published": article.published,
        "title": text.title, "categories": text.categories, "owner": text.owner, "review_on": text.review_on, "changed_at": moment(article.changed_at),
    }  # fmt: skip


def _whole(shown: Shown) -> dict[str, Any]:
    return _view(shown) | {"body": shown.text.body, "note": shown.text.note, "author": shown.text.author}


def _suggested(found: list[Suggestion]) -> dict[str, Any]:
    items = [vars(one) | {"code": one.source.code, "version": one.source.version, "title": one.source.title, "categories": one.source.categories} for one in found]
    return {"items": items, "next": None}
