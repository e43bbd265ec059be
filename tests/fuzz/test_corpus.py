"""The seeds of the fuzzer and whatever it once found, replayed; and each parser under bytes hypothesis makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
SEEDS = sorted(CORPUS.glob("*/*"))
EXAMPLES = {"menus": 12, "settings": 40}  # YAML is slow to read


def test_every_target_has_seeds() -> None:
    assert {path.parent.name for path in SEEDS} == set(TARGETS)


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_seed_breaks_nothing(seed: Path) -> None:
    TARGETS[seed.parent.name](seed.read_bytes())


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_nothing_made_of_the_seeds_breaks_a_parser(name: str) -> None:
    seeds = [path.read_bytes() for path in SEEDS if path.parent.name == name]

    @settings(max_examples=EXAMPLES.get(name, 150), deadline=None, suppress_health_check=list(HealthCheck), database=None, phases=(Phase.generate,), derandomize=True)
    @given(st.data())
    def told(data: st.DataObject) -> None:
        seed = data.draw(st.sampled_from(seeds))
        place = data.draw(st.integers(0, len(seed)))
        length = data.draw(st.integers(0, 40))
        TARGETS[name](seed[:place] + data.draw(st.binary(max_size=40)) + seed[place + length :])

    told()
