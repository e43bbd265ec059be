"""Measures live recognition on one core: python -m bench.streaming [--seconds N]. Prints a table, writes var/bench/streaming.json.

Streams are fed at the pace of speech, as a tap feeds them (speech/ear.py), until their words come too late. `first` is the
time from the first sound of an utterance to its first words (a partial result where the engine has them), `text` the time
from its last sound to its text. Korean Vosk hears Mandarin here: its words mean nothing, its times do. Said is what the
demonstration voice says without end, so a stream here is one side of a call whose speaker never stops for long.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from rich.console import Console

from bench import report
from hotline.settings import PROJECT, Settings
from speech import catalogue, engines, store
from speech.audio import TELEPHONE_RATE, Samples, Sound
from speech.choice import Choice
from speech.ear import OneAtATime
from speech.recogniser import RecognitionError
from speech.store import ModelError
from telephone import voices

RESULTS = PROJECT / "var" / "bench"
SAID = ("我想投诉一下楼上的噪音。", "请问公积金怎么提取？", "我们小区的路灯坏了好几天了。", "您好，请问您有什么需要？", "好的，我马上为您登记。")
PAUSE = 1.5
STEP_SECONDS = 0.1
TIMELY_SECONDS = 3.0  # the text of nineteen phrases out of twenty, after the last sound of each; 1.2 of it is the pause that ends it
MOST = 32


@dataclass
class Line:
    """One stream: when each utterance begins and ends in its sound, and when its words came."""

    samples: Samples
    spans: Sequence[tuple[float, float]]
    first: list[float] = field(default_factory=list)
    text: list[float] = field(default_factory=list)


def line(clips: Sequence[Samples], seconds: float, turn: int) -> Line:
    """Utterances and pauses, each stream at another place of them."""
    pieces, spans, at = [np.zeros(int((0.5 + 0.37 * turn % PAUSE) * TELEPHONE_RATE), np.float32)], [], 0.0
    at = len(pieces[0]) / TELEPHONE_RATE
    for place in range(turn, 1000):
        clip = clips[place % len(clips)]
        spans.append((at, at + len(clip) / TELEPHONE_RATE))
        pieces += [clip, np.zeros(int(PAUSE * TELEPHONE_RATE), np.float32)]
        at += len(clip) / TELEPHONE_RATE + PAUSE
        if at >= seconds:
            break
    return Line(np.concatenate(pieces), spans)


def feed(engine: OneAtATime, one: Line, begin: float) -> None:
    """At the pace of speech; whoever is late feeds what has come meanwhile."""
    stream, step, waited, fed = engine.stream(TELEPHONE_RATE), int(STEP_SECONDS * TELEPHONE_RATE), threading.Event(), 0
    open_from = -1.0
    while fed < len(one.samples):
        due = begin + (fed + step) / TELEPHONE_RATE
        waited.wait(max(0.0, due - time.monotonic()))
        come = min(len(one.samples), int((time.monotonic() - begin) * TELEPHONE_RATE))
        phrases = stream.feed(one.samples[fed:come])
        fed, now = come, time.monotonic() - begin
        for phrase in phrases:
            began = max((start for start, _ in one.spans if start <= phrase.end_seconds), default=None)
            if began is None:
                continue
            if began != open_from:
                open_from = began
                one.first.append(now - began)
            if phrase.final:
                one.text.append(now - next(end for start, end in one.spans if start == began))


def at_once(engine: OneAtATime, clips: Sequence[Samples], count: int, seconds: float) -> dict[str, Any]:
    lines = [line(clips, seconds, turn) for turn in range(count)]
    began, spent = time.monotonic() + 0.2, time.process_time()
    threads = [threading.Thread(target=feed, args=(engine, one, began)) for one in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sound = sum(len(one.samples) for one in lines) / TELEPHONE_RATE
    first, text = [each for one in lines for each in one.first], [each for one in lines for each in one.text]
    if not text:
        raise RecognitionError("nothing was understood")
    return {
        "streams": count, "calls": count / 2, "phrases": len(text), "core_each": round((time.process_time() - spent) / sound, 3),
        "first_p50_s": round(report.percentile(first, 0.5), 2), "first_p95_s": round(report.percentile(first, 0.95), 2),
        "text_p50_s": round(report.percentile(text, 0.5), 2), "text_p95_s": round(report.percentile(text, 0.95), 2),
    }  # fmt: skip


def measured(choice: Choice, clips: Sequence[Samples], seconds: float) -> Iterator[dict[str, Any]]:
    """More and more streams, until words come too late."""
    engine = OneAtATime(engines.load(replace(choice, threads=1)))
    engine.hear(Sound(clips[0], TELEPHONE_RATE), ())
    count = 1
    while count <= MOST:
        row = at_once(engine, clips, count, seconds)
        row["in_time"] = row["text_p95_s"] <= TIMELY_SECONDS
        yield {"engine": choice.engine, "model": choice.model, **row}
        if not row["in_time"]:
            return
        count = count + 1 if count < 4 else count + 2


def choices(settings: Settings) -> Iterator[Choice]:
    """What is on this machine: the Mandarin choice of the settings, and the Korean Vosk to show that engine's way."""
    yield engines.choose(settings, settings.file.speech.engine, settings.file.speech.model)
    try:
        yield Choice("vosk", catalogue.VOSK_KOREAN.name, str(store.ready(settings, catalogue.VOSK_KOREAN)), language="ko")
    except ModelError:
        return


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.streaming", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="of sound for each number of streams")
    chosen = parser.parse_args()
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    console = Console() if sys.stdout.isatty() else Console(width=160)
    settings = Settings.load()
    about = report.machine() | {"cores_used": 1}
    clips = [voices.clip(text, settings).astype(np.float32) / 32768.0 for text in SAID]
    rows: list[dict[str, Any]] = []
    try:
        for choice in choices(settings):
            rows += measured(choice, clips, chosen.seconds)
    except RecognitionError as error:
        sys.exit(f"bench-streaming: {error}")
    report.show(console, "Live streams on one core", rows)
    console.print(f"[dim]{report.write(RESULTS, 'streaming', about, rows)}[/dim]")


if __name__ == "__main__":
    main()
