"""From a fresh clone to everything that calls need: Asterisk, models, voices, prompts; each step shown, each resumable."""

from __future__ import annotations

from rich.console import Console
from rich.progress import Progress

from hotline import asterisk
from hotline.settings import Settings
from speech import prompts
from speech import setup as speech_setup


def prepare(settings: Settings, console: Console) -> None:
    """Raises FetchError when there is no Asterisk to be had; what is missing of speech is shown, for calls work without it."""
    runtime = asterisk.fetch(settings.downloads, console.print)
    console.print(f"Asterisk {runtime.version} ({'installed' if runtime.installed else 'unpacked'}) is ready")
    console.print("Speech models and the demonstration voice: fetching what is missing (about 200 MB the first time)", soft_wrap=True)
    with Progress(console=console, transient=True) as progress:
        problems = speech_setup.prepare(settings, progress)
    for problem in problems:
        console.print(f"not there: {problem}", style="yellow", markup=False)
    _prompts(settings, console)


def _prompts(settings: Settings, console: Console) -> None:
    try:
        ready = prompts.render(settings.city, settings, settings.file.menu.language)
    except (prompts.PromptsError, OSError) as error:
        console.print(f"prompts: {error}", style="red", markup=False)
        return
    made = sum(prompt.made for prompt in ready)
    console.print(f"{len(ready)} prompts are ready" + (f", {made} of them new" if made else ""))
