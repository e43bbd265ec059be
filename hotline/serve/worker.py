"""The worker process: spool to ticket, recognition in processes of its own, hand-over to the city's case system."""

from __future__ import annotations

import contextlib
import signal
import threading
from functools import partial
from types import FrameType

import structlog

from hotline import messages, retention
from hotline.cases import CityRules
from hotline.reports import daily
from hotline.secrets import case_system_key
from hotline.serve.listening import EmergencyWatch
from hotline.serve.rates import RateCounter
from hotline.serve.recorder import Recorder
from hotline.serve.revisit_words import RevisitWords
from hotline.serve.told_numbers import ToldNumbers
from hotline.settings import Settings
from queues.events import Events
from speech.transcription import Transcription
from tickets.case_system import CALL_EVENTS, CaseSystem
from tickets.connectors import Wishes, connect
from tickets.patience import Patience
from tickets.surges import SurgeTold
from tickets.watch import Told
from tickets.worker import work

log = structlog.get_logger(__name__)


def run(settings: Settings) -> None:
    """Until SIGTERM or SIGINT."""
    stop = threading.Event()

    def ended(_: int, __: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ended)
    wishes = settings.file.speech
    destination = case_system(settings)
    transcribing = Transcription(settings, wishes.engine, wishes.model, wishes.input_path, wishes.workers, wishes.hotwords)
    watch = EmergencyWatch(settings) if wishes.listen else contextlib.nullcontext()
    calls = destination.events & set(CALL_EVENTS) if destination else frozenset[str]()
    with Recorder(settings, calls), RateCounter(settings), ToldNumbers(settings), watch, transcribing as transcription, RevisitWords(settings, transcription):
        if note := transcription.warm_up():
            log.warning("recogniser", note=note)
        rules = CityRules(settings)
        work(
            settings.home,
            settings.database_url,
            transcription,
            stop,
            case_system=destination,
            minimum_free_mb=settings.file.spool.minimum_free_mb,
            transcriptions_at_once=wishes.workers,
            rules=rules,
            tell=partial(tell, Events(settings.home)),
            surge=partial(tell_surge, Events(settings.home)),
            daily=partial(daily, settings, rules, Events(settings.home)),
            ways=messages.ways(settings, rules().notices.signature),
            forget=partial(retention.nightly, settings),
            laid_down=partial(messages.take_laid_down, settings, rules),
        )


def tell_surge(events: Events, told: SurgeTold) -> None:
    """The floor hears of many callers with one matter; `hotline surges` has it already."""
    events.say("alarm", {"alarm": "surge", "state": told.state, "surge": told.id, "place": told.place, "callers": told.callers, "tickets": list(told.tickets[:50])})


def tell(events: Events, told: Told) -> None:
    """The floor hears of a deadline; the ticket's history has it already."""
    said = {"alarm": "deadline", "state": told.state, "ticket": told.ticket, "stage": told.stage, "organisation": told.organisation}
    events.say("alarm", said | {"due_at": told.due_at.isoformat()})


def case_system(settings: Settings) -> CaseSystem | None:
    """Where tickets go; the key of the signature is made on first use, for a person to give to the case system.

    Without a key nothing can be signed: tickets are made all the same, and wait.
    """
    wishes = settings.file.case_system
    if wishes.url is None:
        return None
    try:
        key = case_system_key(settings)
    except (OSError, ValueError) as error:
        log.error("no key for the case system: tickets wait here", reason=str(error))
        return None
    told = Wishes(wishes.url, key.encode(), wishes.timeout_seconds, wishes.reconciliation_url, wishes.options)
    try:
        connector = connect(wishes.connector, told)
    except ValueError as error:
        log.error("the case system's settings do not suit its connector: tickets wait here", reason=str(error))
        return None
    return CaseSystem(connector, Patience(give_up_days=wishes.give_up_days), frozenset(wishes.events), wishes.show_callers, wishes.keep_days)
