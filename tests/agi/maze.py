"""A city whose menus remember every key: who loses one, ends somewhere else."""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path

from ivr.loading import load
from ivr.model import City
from ivr.prompts import REQUIRED

KEYS = "12"
DEPTH = 5
ROOT = "12345"
URGENT, ENGLISH = "5", "4"  # police; the menu in another language
AWAY = {"6": "05468110110", "7": "+8605468110110"}  # a department that is there, one that is not
PROMPT = "which-way"
SHARED = sorted({*REQUIRED, "welcome", "fax-ready", "ticket"})


def texts() -> dict[str, str]:
    """The maze as an administrator would have to write it."""
    nodes = [
        f'  "{ROOT}":\n{_menu("")}',
        "  12345-0:\n    name: 人工\n    kind: queue\n    queue: general\n    type: consultation",
    ]
    for depth in range(1, DEPTH + 1):
        for way in itertools.product(KEYS, repeat=depth):
            body = _menu("".join(way)) if depth < DEPTH else _leaf("".join(way))
            nodes.append(f"  {_id(''.join(way))}:\n{body}")
    fax = "  12345-9:\n    name: 传真\n    kind: fax"
    away = [
        f'  12345-{key}:\n    name: 转接\n    kind: transfer\n    number: "{number}"' for key, number in AWAY.items()
    ]
    urgent = [
        f'  12345-{URGENT}:\n    name: 报警\n    kind: emergency\n    number: "110"',
        f"  12345-{ENGLISH}:\n    name: English\n    kind: announcement\n    language: en\n    prompt: welcome\n"
        f'    next: "{ROOT}"',
    ]
    head = f'root: "{ROOT}"\nperson: 12345-0\nfax: 12345-9\nno_input_seconds: 20\n\nnodes:\n'
    queue = "  strategy: ringall\n  wait_seconds: 60\n  wrapup_seconds: 0\n  overflow: 12345-8\n"
    return {
        "menus.yaml": head
        + "\n".join([*nodes, *away, *urgent, fax, "  12345-8:\n    name: 留言\n    kind: voicemail\n    type: help"])
        + "\n",
        "numbers.yaml": 'area_code: "0546"\ncountry_code: "86"\nnumbers:\n  "12345": "12345"\n',
        "queues.yaml": f"complaints:\n  name: 投诉\n{queue}general:\n  name: 综合\n{queue}",
        "hours.yaml": "zone: Asia/Shanghai\nhours:\n  day:\n    - daily 00:00-24:00\n",
        "prompts.yaml": "".join(f"{prompt}: 提示\n" for prompt in (PROMPT, *SHARED)),
        "prompts.en.yaml": f"{PROMPT}: which way\n",
    }


@cache
def city() -> City:
    return load(texts())


def write(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts().items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def end(keys: str) -> str:
    """The node that exactly these keys lead to."""
    assert len(keys) == DEPTH and set(keys) <= set(KEYS)
    return _id(keys)


def _id(way: str) -> str:
    return "-".join([ROOT, *way])


def _menu(way: str) -> str:
    choices = "".join(f'      "{key}": {_id(way + key)}\n' for key in KEYS)
    extra = '      "4": 12345-4\n      "5": 12345-5\n      "6": 12345-6\n      "7": 12345-7\n      "8": 12345-8\n      "9": 12345-9\n' if not way else ""
    return f"    name: 岔路{way}\n    kind: menu\n    prompt: {PROMPT}\n    choices:\n{choices}{extra}"


def _leaf(way: str) -> str:
    return f"    name: 出口{way}\n    kind: queue\n    queue: general\n    type: complaint"
