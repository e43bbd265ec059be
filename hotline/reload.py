"""Tells a running Asterisk of a change: renders its configuration again and reloads the parts that changed."""

from __future__ import annotations

from hotline.asterisk import Asterisk, RuntimeMissing, find, ours
from hotline.settings import Settings

PHONE_PARTS = ("pjsip reload", "queue reload all")


def phones(settings: Settings) -> None:
    """After a phone was added or removed. Does nothing while Asterisk does not run: its next start renders all."""
    _apply(settings, PHONE_PARTS)


def menus(settings: Settings) -> None:
    """After a version was published or rolled back: its contexts, the number table, its queues."""
    _apply(settings, ("dialplan reload", "queue reload all"))


def everything(settings: Settings) -> None:
    """After a change of settings."""
    _apply(settings, ("core reload",))


def _apply(settings: Settings, commands: tuple[str, ...]) -> None:
    try:
        runtime = find(settings.downloads)
    except RuntimeMissing:
        return
    asterisk = Asterisk(runtime, ours.instance(settings))
    if asterisk.process() is None:
        return
    ours.configure(settings, runtime)
    asterisk.reload(*commands)
