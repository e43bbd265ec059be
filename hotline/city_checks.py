"""What the doctor looks at in a city's folder: its sounds, its calendar, its gazetteer, and what waits to be published."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

from hotline import city
from hotline.finding import SETUP, Finding
from hotline.menus import PublishError, Store
from hotline.settings import Settings
from ivr.faults import CityRefused
from speech import prompts
from speech.text import gazetteer

MOST_NAMED = 5


def spoken_prompts(settings: Settings) -> Iterator[Finding]:
    language = settings.file.menu.language
    try:
        wanted = prompts.texts(settings.city)
    except prompts.PromptsError as error:
        yield Finding("fault", "prompts", str(error), "correct that file")
        return
    missing = [name for name in wanted if not (settings.sounds / language / f"{name}.wav").is_file()]
    if missing:
        yield Finding("fault", "prompts", f"{len(missing)} of {len(wanted)} not made: {', '.join(missing[:5])} …", SETUP)
    else:
        recorded = sum(prompts.recording_of(settings.city, name, language) is not None for name in wanted)
        yield Finding("ok", "prompts", f"{len(wanted)} ready, {recorded} of them the city's own recordings")
    for other in prompts.languages(settings.city, language)[1:]:
        silent = [name for name in wanted if not (settings.sounds / other / f"{name}.wav").is_file()]
        tones = [name for name in wanted if prompts.source_of(settings.sounds / other / f"{name}.wav") == "tone"]
        if silent or tones:
            yield Finding("warning", f"prompts {other}", f"{len(silent)} not made, {len(tones)} only tones", f"{SETUP}, or record them")


def calendar(settings: Settings) -> Iterator[Finding]:
    """Hours that go by the statutory calendar need each year's dates; the State Council publishes them in November."""
    try:
        now = city.now(settings)
    except (PublishError, CityRefused) as error:
        yield Finding("fault", "menus", str(error).splitlines()[0], "`hotline check` lists every fault")
        return
    if not any(hours.statutory for hours in now.hours.values()):
        return
    day = today()
    due = [day.year] if day.month < 12 else [day.year, day.year + 1]
    for year in (year for year in due if year not in now.years):
        where = settings.city.parent / "calendar" / f"{year}.yaml"
        yield Finding("warning", "calendar", f"the holidays and make-up working days of {year} are not known: hours go by the week alone",
                      f"put the State Council's dates into {where}, then `hotline publish`")  # fmt: skip
    if set(due) <= set(now.years):
        yield Finding("ok", "calendar", f"holidays and make-up working days of {', '.join(map(str, now.years))}")


def today() -> date:
    return datetime.now(UTC).astimezone(timezone(timedelta(hours=8))).date()


def gazetteer_file(settings: Settings) -> Iterator[Finding]:
    """Names that recognisers cannot know; without it they stay as they were heard."""
    path = settings.city / gazetteer.FILE
    try:
        names, repeated = gazetteer.of_city(settings.city), gazetteer.repeated(path) if path.exists() else ()
    except gazetteer.GazetteerError as error:
        yield Finding("fault", "gazetteer", str(error), "correct that file; until then no name is put right")
        return
    if not names:
        yield Finding("note", "gazetteer", f"{path} is missing or empty: names of places stay as they were heard", "list the city's places (docs/speech.md)")
        return
    if repeated:
        yield Finding("warning", "gazetteer", f"stand there twice: {_some(repeated)}", f"keep one of each in {path}; only the first counts")
    for kind, plural in ((gazetteer.PLACE, "places"), (gazetteer.DEPARTMENT, "departments")):
        if not any(name.kind == kind for name in names):
            yield Finding("note", "gazetteer", f"lists no {plural}: their names stay as they were heard", f"add them to {path}")
    if not repeated:
        yield Finding("ok", "gazetteer", f"{len(names)} names")


def unpublished(settings: Settings) -> Iterator[Finding]:
    """Sounds belong to versions: what was made since the last publish is not heard yet."""
    try:
        waiting = Store.of(settings).unpublished_sounds()
    except (PublishError, OSError) as error:
        yield Finding("fault", "menus", str(error).splitlines()[0], "`hotline versions` shows what there is; `hotline rollback` to one that works")
        return
    for words in waiting:
        yield Finding("note", "menus", f"not heard yet: {words}", "`hotline publish`")


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")
