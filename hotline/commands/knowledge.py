"""`hotline knowledge`: the articles that agents read from, where they come from, and which somebody must read again."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hotline import opening
from hotline.menus import whoever
from hotline.terminal import NO, AsJson, print_items, print_table, refuse

if TYPE_CHECKING:  # the database's packages take seconds to import
    from tickets.knowledge import Knowledge, Shown

Newest = Annotated[bool, typer.Option("--newest", help="drafts, too, and the newest version of what is published")]
COLUMNS = ("code", "title", "state", "version", "categories", "owner", "review_on")
MOST_LISTED = 1000


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(no_args_is_help=True, help="Knowledge base 知识库: what agents tell citizens.")
    for command, name in ((list_articles, "list"), (show_article, "show"), (search, "search"), (take_in, "import"), (due, "due"), (publish, "publish"), (withdraw, "withdraw")):
        group.command(name)(command)
    app.add_typer(group, name="knowledge")


def list_articles(
    category: Annotated[str, typer.Option(help="a code of categories.yaml")] = "", owner: Annotated[str, typer.Option(help="a code of organisations.yaml")] = "",
    newest: Newest = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """List the published articles."""
    from tickets.knowledge import Wanted  # noqa: PLC0415

    with _knowledge() as knowledge:
        _list(list(knowledge.articles(Wanted(category=category, owner=owner, newest=newest), MOST_LISTED)), as_json)


def show_article(code: Annotated[str, typer.Argument()], newest: Newest = False, as_json: AsJson = False) -> None:
    """Show one, as it was written."""
    with _knowledge() as knowledge:
        shown = knowledge.article(code, newest=newest)
    if as_json:
        print(json.dumps(_row(shown) | {"body": shown.text.body, "note": shown.text.note, "author": shown.text.author}, ensure_ascii=False))
    else:
        print(f"# {shown.text.title}\n\n{shown.text.body}")


def search(words: Annotated[str, typer.Argument(help="停水 补贴: all of them stand in it")], newest: Newest = False, as_json: AsJson = False) -> None:
    """Find articles by their words."""
    from tickets.knowledge import Wanted  # noqa: PLC0415
    from tickets.words import NothingToFind  # noqa: PLC0415

    with _knowledge() as knowledge:
        try:
            _list(list(knowledge.articles(Wanted(query=words, newest=newest), MOST_LISTED)), as_json)
        except NothingToFind as no:
            refuse(no, NO)


def take_in(
    source: Annotated[Path, typer.Argument(exists=True, help="a Markdown file, or a folder of them, each named by its code")],
    publish: Annotated[bool, typer.Option("--publish", help="agents read it at once")] = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Take articles in: all of them, or none if one is faulty. What is unchanged gets no new version."""
    from tickets import knowledge_files  # noqa: PLC0415

    paths = sorted(source.glob("*.md")) if source.is_dir() else [source]
    if not paths:
        refuse(f"{source}: no *.md in it", NO)
    with _knowledge() as knowledge:
        texts = {path.stem: knowledge_files.read(path) for path in paths}
        done = knowledge_files.take_in(knowledge, texts, whoever(), publish=publish)
    if as_json:
        print_items([{"code": code, "what": what} for code, what in done])
    else:
        print_table(("code", "what"), done)


def due(by: Annotated[str, typer.Option(help="YYYY-MM-DD; today if left out")] = "", as_json: AsJson = False) -> None:
    """Published articles that somebody must read again; exit 1 if there is one."""
    try:
        day = date.fromisoformat(by) if by else None
    except ValueError:
        raise typer.BadParameter("a day such as 2027-03-01", param_hint="--by") from None
    with _knowledge() as knowledge:
        found = list(knowledge.due(day))
    _list(found, as_json)
    raise typer.Exit(1 if found else 0)


def publish(code: Annotated[str, typer.Argument()]) -> None:
    """Let everybody read its newest version."""
    with _knowledge() as knowledge:
        print(f"{code}: version {knowledge.publish(code).article.published} is published")


def withdraw(code: Annotated[str, typer.Argument()]) -> None:
    """Tell nobody any more; it is kept."""
    with _knowledge() as knowledge:
        knowledge.withdraw(code)
    print(f"{code} is withdrawn")


@contextlib.contextmanager
def _knowledge() -> Iterator[Knowledge]:
    from tickets.knowledge import Knowledge, KnowledgeRefused  # noqa: PLC0415

    try:
        with opening.register() as store:
            yield Knowledge(store.database)
    except (KnowledgeRefused, OSError) as no:
        refuse(no, NO)


def _list(found: list[Shown], as_json: bool) -> None:
    rows = [_row(shown) for shown in found]
    if as_json:
        print_items(rows)
    else:
        print_table(COLUMNS, [[" ".join(row[name]) if name == "categories" else str(row[name]) for name in COLUMNS] for row in rows], none="no such article")


def _row(shown: Shown) -> dict[str, Any]:
    article, text = shown.article, shown.text
    return {
        "code": article.code, "title": text.title, "state": article.state, "version": text.version, "newest": article.version,
        "published": article.published, "categories": list(text.categories), "owner": text.owner, "review_on": text.review_on.isoformat(),
    }  # fmt: skip
