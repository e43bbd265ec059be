"""The good city with a menu that listens."""

from __future__ import annotations

from ivr.loading import load
from ivr.model import City
from ivr.speaking import PROMPTS
from tests.ivr.cities import good_texts

SPEAK = """    prompt: matters
    speak:
      "1":
        phrases: [投诉, 我要投诉]
        confirm: confirm-complaint
      "3":
        phrases: [再见]
        confirm: confirm-goodbye
"""


def texts() -> dict[str, str]:
    good = good_texts()
    menus, prompts = good["menus.yaml"].replace("    prompt: matters\n", SPEAK), good["prompts.yaml"]
    more = "".join(f"{name}: {name}\n" for name in (*PROMPTS, "confirm-complaint", "confirm-goodbye"))
    return good_texts(menus=menus, prompts=prompts + more)


def city() -> City:
    return load(texts())
