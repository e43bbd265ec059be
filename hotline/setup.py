"""From a fresh clone to everything that calls need: Asterisk, models, voices, prompts; each step shown, each resumable."""

from __future__ import annotations

from rich.console import Console
from rich.progress import Progress

from hotline import asterisk, elderly
from hotline.asterisk import debian
from hotline.settings import Settings
from speech import espeak, prompts, soundcard
from speech import setup as speech_setup
from tickets.reports import fonts


def prepare(settings: Settings, console: Console) -> None:
    """Raises FetchError when there is no Asterisk to be had; what is missing of speech is shown, for calls work without it."""
    runtime = asterisk.fetch(settings.downloads, console.print)
    console.print(f"Asterisk {runtime.version} ({'installed' if runtime.installed else 'unpacked'}) is ready")
    console.print("Speech models and the demonstration voice: what is missing is fetched (about 200 MB the first time)", soft_wrap=True)
    with Progress(console=console, transient=True) as progress:
        problems = speech_setup.prepare(settings, progress)
    problems += _foreign_voice(settings, console) + _sound_card(settings, console) + _chinese_font(settings, console)
    for problem in problems:
        console.print(f"not there: {problem}", style="yellow", markup=False)
    _prompts(settings, console)


def _foreign_voice(settings: Settings, console: Console) -> list[str]:
    """What reads prompts that are not Chinese; a program of its own, because its licence is the GPL."""
    if espeak.find(settings.downloads) is not None:
        return []
    instead = "install espeak-ng, or record the prompts of other languages yourselves"
    return _unpacked(settings, console, espeak.FOLDER, debian.Wanted("espeak-ng", espeak.PACKAGES, instead))


def _sound_card(settings: Settings, console: Console) -> list[str]:
    """PortAudio, for prompts that are recorded or heard at this machine."""
    if soundcard.is_here(settings.downloads):
        return []
    instead = "install libportaudio2, or record prompts elsewhere and `hotline prompts import` them"
    return _unpacked(settings, console, soundcard.FOLDER, debian.Wanted("PortAudio", soundcard.PACKAGES, instead, debian.own_suite()))


def _chinese_font(settings: Settings, console: Console) -> list[str]:
    """For charts and PDF of reports; without it they are tables only."""
    if fonts.find(settings.downloads) is not None:
        return []
    instead = "install fonts-wqy-microhei; until then reports have no charts and no PDF"
    return _unpacked(settings, console, fonts.FOLDER, debian.Wanted("Chinese font", fonts.PACKAGES, instead, debian.own_suite()))


def _unpacked(settings: Settings, console: Console, folder: str, wanted: debian.Wanted) -> list[str]:
    try:
        debian.unpack(settings.downloads / folder, settings.downloads / f".{folder}-unfinished", console.print, wanted)
    except (debian.FetchError, OSError) as error:
        return [str(error)]
    return []


def _prompts(settings: Settings, console: Console) -> None:
    try:
        own = settings.file.menu.language
        ready = [one for language in prompts.languages(settings.city, own, slowly=elderly.anybody_slowly(settings)) for one in prompts.render(settings.city, settings, language)]
    except (prompts.PromptsError, OSError) as error:
        console.print(f"prompts: {error}", style="red", markup=False)
        return
    made = sum(prompt.made for prompt in ready)
    console.print(f"{len(ready)} prompts are ready" + (f", {made} of them new" if made else ""))
