"""/metrics for Prometheus, read from the rows and the floor at each scrape. No caller's data stands in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from queues.alarm_file import Written
from queues.snapshot import Snapshot
from tickets.spool import Spool
from tickets.store import Store

Sessions = tuple[int, Mapping[str, int]]
"""Callers in the menu now, and those that left it by outcome."""


class Figures(Collector):
    """Everything there is to count."""

    def __init__(
        self,
        store: Store,
        spool: Spool,
        floor: Callable[[], Snapshot | None],
        reasons: Callable[[], Sequence[str]],
        agi: Callable[[], Sessions | None] = lambda: None,
        alarms: Callable[[], Written | None] = lambda: None,
    ) -> None:
        self._store, self._spool, self._floor, self._reasons, self._agi, self._alarms = store, spool, floor, reasons, agi, alarms

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("hotline_ready", "1 when calls can be taken", value=0 if self._reasons() else 1)
        yield from self._of_spool()
        yield from self._of_menu()
        yield from self._of_floor()
        yield from self._of_alarms()
        yield from self._of_register()

    def _of_spool(self) -> Iterator[Metric]:
        try:
            free, room, waiting = self._spool.free_mb() << 20, self._spool.has_room(), len(self._spool.waiting())
        except OSError:
            return
        yield GaugeMetricFamily("hotline_spool_free_bytes", "room for messages and faxes", value=free)
        yield GaugeMetricFamily("hotline_spool_full", "1: callers reach a person instead of voicemail", value=0 if room else 1)
        yield GaugeMetricFamily("hotline_spool_items", "messages and faxes without a ticket yet", value=waiting)

    def _of_menu(self) -> Iterator[Metric]:
        counted = self._agi()
        if counted is None:
            return
        active, sessions = counted
        yield GaugeMetricFamily("hotline_agi_sessions_active", "callers in the menu", value=active)
        ended = CounterMetricFamily("hotline_agi_sessions", "callers who left the menu, by outcome", labels=["outcome"])
        for outcome, number in sorted(sessions.items()):
            ended.add_metric([outcome], number)
        yield ended

    def _of_floor(self) -> Iterator[Metric]:
        now = self._floor()
        yield GaugeMetricFamily("hotline_floor_stale", "1: nobody is looking at Asterisk", value=1 if now is None or now.is_stale() else 0)
        if now is None:
            return
        yield GaugeMetricFamily("hotline_calls", "calls in progress", value=len(now.calls))
        waiting = GaugeMetricFamily("hotline_queue_waiting", "callers waiting", labels=["queue"])
        present = GaugeMetricFamily("hotline_queue_logged_in", "agents logged in", labels=["queue"])
        for queue in now.queues:
            waiting.add_metric([queue.name], len(queue.waiting))
            present.add_metric([queue.name], queue.logged_in)
        yield from (waiting, present)

    def _of_alarms(self) -> Iterator[Metric]:
        """Which are on; nothing where nobody watches, for that is no good news."""
        now = self._alarms()
        yield GaugeMetricFamily("hotline_alarms_stale", "1: nobody is watching", value=1 if now is None or now.is_stale() else 0)
        if now is None or now.is_stale():
            return
        on = GaugeMetricFamily("hotline_alarm", "1 while it is on", labels=["kind", "subject", "acknowledged"])
        for alarm in now.alarms:
            on.add_metric([alarm.kind, alarm.subject, "yes" if alarm.acknowledged_by else "no"], 1)
        yield on

    def _of_register(self) -> Iterator[Metric]:
        try:
            backlog = self._store.backlog()
        except SQLAlchemyError:
            yield GaugeMetricFamily("hotline_database_up", "1 when the database answers", value=0)
            return
        yield GaugeMetricFamily("hotline_database_up", "1 when the database answers", value=1)
        yield CounterMetricFamily("hotline_tickets", "ticket numbers given out", value=backlog.tickets)
        yield GaugeMetricFamily("hotline_tickets_draft", "conversations with an open draft", value=backlog.drafts)
        yield GaugeMetricFamily("hotline_transcripts_pending", "messages waiting for their words", value=backlog.transcripts)
        yield GaugeMetricFamily("hotline_deliveries_waiting", "tickets the case system has not taken yet", value=backlog.deliveries)
        yield GaugeMetricFamily("hotline_dead_letters", "tickets the case system refused: a person must look", value=backlog.dead_letters)
        yield GaugeMetricFamily("hotline_tickets_overdue", "tickets whose deadline has passed", value=backlog.overdue)


def exposition(figures: Figures) -> bytes:
    """The text Prometheus reads."""
    registry = CollectorRegistry()
    registry.register(figures)
    return generate_latest(registry)
