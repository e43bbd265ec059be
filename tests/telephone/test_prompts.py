"""Prompts are told apart by a stretch that no other has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from telephone import sound
from telephone.prompts import Prompts


@pytest.fixture
def prompts(tmp_path: Path) -> Prompts:
    """Two prompts begin with the same words."""
    same = sound.babble(1.5, seed=1)
    sound.write(tmp_path / "busy.wav", np.concatenate([same, sound.babble(2, seed=2)]))
    sound.write(tmp_path / "offer.wav", np.concatenate([same, sound.babble(2, seed=3)]))
    sound.write(tmp_path / "welcome.wav", sound.babble(2, seed=4))
    return Prompts(tmp_path)


def test_the_same_beginning_does_not_count(prompts: Prompts) -> None:
    assert sound.match(prompts.whole("offer"), prompts["busy"]).correlation < 0.75
    assert sound.match(prompts.whole("busy"), prompts["busy"]).correlation > 0.99


def test_a_prompt_of_its_own_is_known_by_its_beginning(prompts: Prompts) -> None:
    assert sound.match(prompts.whole("welcome"), prompts["welcome"]).at < 100


def test_what_was_heard_is_named_in_order(prompts: Prompts) -> None:
    heard = np.concatenate([prompts.whole("welcome"), sound.silence(1), prompts.whole("offer")])
    assert prompts.heard_in(heard) == ["welcome", "offer"]


def test_an_unknown_prompt_is_refused_with_those_there_are(prompts: Prompts) -> None:
    with pytest.raises(sound.SoundError, match="no prompt 'menu'.*busy, offer, welcome"):
        prompts["menu"]


def test_no_prompts_at_all_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(sound.SoundError, match="hotline setup"):
        Prompts(tmp_path)
