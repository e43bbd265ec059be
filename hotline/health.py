"""Whether calls can be taken in full, and if not, why: asked of files and process numbers, so asking costs nothing."""

from __future__ import annotations

from collections.abc import Iterator

from hotline import certificates, menus
from hotline.asterisk import Asterisk
from hotline.services import Child
from hotline.settings import Settings
from queues import snapshot


class Health:
    """One hotline's. `reasons()` may be called from any thread."""

    def __init__(self, settings: Settings, asterisk: Asterisk) -> None:
        self._settings = settings
        self._home = settings.home
        self._asterisk = asterisk
        self._versions = menus.Store.of(settings)

    def reasons(self) -> list[str]:
        """Empty: calls can be taken."""
        return list(self._reasons())

    def _reasons(self) -> Iterator[str]:
        if self._asterisk.process() is None:
            yield "Asterisk does not run"
        yield from self._menus()
        yield from self._telephony()

    def warnings(self) -> list[str]:
        """What needs a person although calls are taken."""
        return list(self._warnings())

    def _warnings(self) -> Iterator[str]:
        if Child("worker", (), self._home).started() is None:
            yield "the worker process does not run; messages and faxes wait in the spool"
        if self._settings.file.tls.port is None:
            return
        try:
            left = certificates.installed(self._settings).days_left()
        except certificates.CertificateUnusable as error:
            yield f"no calls over TLS: {error}"
            return
        if left < certificates.RENEW_DAYS:
            yield f"the certificate for calls over TLS ends in {left} days" if left >= 0 else "the certificate for calls over TLS has ended"

    def _menus(self) -> Iterator[str]:
        try:
            if self._versions.current() is None:
                yield "no menu is published (`hotline publish -m NOTE`)"
        except menus.PublishError as error:
            yield f"the published menus cannot be read: {error}"

    def _telephony(self) -> Iterator[str]:
        """While it is away callers are served by the compiled menu, but agents' tickets wait."""
        telephony = Child("telephony", (), self._home)
        started = telephony.started()
        if started is None:
            yield "the telephony process does not run; callers go through the compiled menu"
            return
        now = snapshot.read(snapshot.where(self._home))
        if now is None or now.written_at.timestamp() < started:
            yield "the telephony process is starting; callers go through the compiled menu"
        elif not now.connected:
            yield f"no link to Asterisk: {now.fault}"
        elif now.is_stale():
            yield "the telephony process says nothing; callers go through the compiled menu"
