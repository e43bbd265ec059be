"""Measures recognition on a corpus: python -m bench.speech CORPUS [--gazetteer FILE|FOLDER] [--engine …] [--model …]

CORPUS holds sounds and a transcripts.tsv (speech/corpus.py). Prints a table, writes var/bench/speech.json. The character
error rate's normalisation is that of speech/cer.py. Two thousand characters of general Mandarin, which speak of none of
the city's places, say how many replacements are wrong.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import report
from hotline.settings import PROJECT, Settings
from speech import corpus, trials
from speech.measure import Result, false_replacements, with_engine
from speech.recogniser import RecognitionError
from speech.text import gazetteer
from speech.text.gazetteer import GazetteerError, Name
from speech.text.review import Evidence
from speech.text.understanding import Understanding

RESULTS = PROJECT / "var" / "bench"
GENERAL = PROJECT / "tests" / "speech" / "general_mandarin.txt"
NORMALISATION = "NFKC, simplified, figures as spoken, 幺=一, 两=二, letters and figures only (speech/cer.py)"
MINUTE = "我们小区楼下的工地每天晚上施工，噪音很大，老人和孩子都没有办法睡觉。" * 8  # what somebody says in a minute


def run(folder: Path, source: Path | None, engine: str, model: str | None, console: Console) -> None:
    """Raises CorpusError, GazetteerError, RecognitionError."""
    settings = Settings.load()
    about = report.machine() | {"corpus": folder.name, "normalisation": NORMALISATION}
    clips = corpus.read(folder)
    own = settings.city / gazetteer.FILE
    source = source or corpus.beside(folder) or (own if own.exists() else None)
    results: dict[str, Result] = {}
    for name, choice in trials.of_machine(settings, engine, model).items():
        console.print(f"[dim]{name}: {len(clips)} recordings …[/dim]")
        results[name] = with_engine(choice, clips, lambda city: corpus.names(city, source))
    rows = [result.row(name) for name, result in results.items()]
    main, kinds = _split(rows)
    report.show(console, f"Recognition on {folder.name}", main)
    report.show(console, "Errors by kind, and which transcripts a person is asked to read", kinds)
    known = {name.text: name for city in {clip.city for clip in clips} for name in corpus.names(city, source)}
    general = general_text(list(known.values()))
    report.show(console, "What follows the engine", general)
    scores = {name: result.scores for name, result in results.items()}
    console.print(f"[dim]{report.write(RESULTS, 'speech', about, rows, general=general, scores=scores)}[/dim]")


def general_text(known: Sequence[Name]) -> list[dict[str, Any]]:
    """Wrong replacements in general Mandarin, and what a minute's text costs."""
    text = GENERAL.read_text(encoding="utf-8")
    understanding = Understanding(known)
    evidence = Evidence(-0.2, "average log probability", 60.0)
    understanding.understand(MINUTE, evidence)  # dictionaries are loaded once
    began = time.perf_counter()
    understanding.understand(MINUTE, evidence)
    spent = (time.perf_counter() - began) * 1000
    return [{
        "names": len(known), "general_characters": sum(map(str.isalpha, text)), "wrong_replacements": false_replacements(text, known),
        "minute_characters": len(MINUTE), "minute_ms": round(spent, 1), "minute_aim_50_ms": spent < 50,
    }]  # fmt: skip


def _split(rows: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Two narrow tables instead of one that no terminal shows."""
    second = ("substituted", "deleted", "inserted", "replaced", "false", "review", "review_hits")
    main = [{key: f"{value:.1%}" if key.startswith("cer") else value for key, value in row.items() if key not in second} for row in rows]
    return main, [{key: row[key] for key in ("setting", *second)} for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.speech", description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--gazetteer", type=Path, help="default: beside the corpus, else the city's")
    parser.add_argument("--engine", default="auto", choices=("auto", "vosk", "faster-whisper"))
    parser.add_argument("--model")
    chosen = parser.parse_args()
    console = Console() if sys.stdout.isatty() else Console(width=160)
    try:
        run(chosen.corpus, chosen.gazetteer, chosen.engine, chosen.model, console)
    except (corpus.CorpusError, GazetteerError, RecognitionError) as error:
        sys.exit(f"bench-speech: {error}")


if __name__ == "__main__":
    main()
