"""How much memory comparing takes: a few blocks besides the features, which are never copied whole."""

import tracemalloc

import numpy as np
import pytest

from precompute.agreement import centred, cknna, cosines, procrustes, reconstruction, runners, spaces, spread
from precompute.agreement.pairs import compare

N, WIDTH = 2_400, 300
LISTS = 5_000  # bytes an atom, which is 0.25 GB of 50,000


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks that are to these features about what the real ones are to 50,000 x 2,048."""
    for module, name, value in (
        (spaces, "VALUES_PER_BLOCK", 40_000),
        (spaces, "VALUES_HELD", 40_000),
        (procrustes, "SCORES_HELD", 20_000),
        (centred, "CELLS_PER_TILE", 40_000),
        (centred, "CELLS_HELD", 20_000),
        (cknna, "CELLS_PER_BLOCK", 20_000),
        (cosines, "ATOMS_PER_TILE", 150),
        (spread, "PAIRS_PER_BLOCK", 100_000),
        (spread, "PAIRS_PER_PASS", 400_000),
        (runners, "PAIRS_PER_BLOCK", 20_000),
        (runners, "TRANSPORT_ATOMS", 100),
        (reconstruction, "FIT_BYTES", 1e6),
    ):
        monkeypatch.setattr(module, name, value)


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.usefixtures("small_blocks")
def test_all_scores_of_a_pair_take_less_than_a_copy_of_one_of_its_spaces(tmp_path):
    rng = np.random.default_rng(0)
    for key in "ab":
        np.save(tmp_path / f"{key}.npy", rng.standard_normal((N, WIDTH), dtype=np.float32))
    features = {key: np.load(tmp_path / f"{key}.npy", mmap_mode="r") for key in "ab"}
    taken, last = {}, 0

    def note(name: str) -> None:
        nonlocal last
        taken[name] = tracemalloc.get_traced_memory()[1] - last
        last = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()

    tracemalloc.start()
    try:
        run = compare(features, np.arange(N) // 4, numbers=np.full(N, 8), permutations=2, resamples=10, on_metric=note)
    finally:
        tracemalloc.stop()
    missing = {name: score.reason for name, score in run.scores.items() if score.reason}
    assert set(missing) == {"gfre", "lfre"}
    for reason in missing.values():
        assert "need about 0.0 GB of memory, more than" in reason
    one = N * WIDTH * 8
    taken["cknna"] -= N * LISTS  # pairs of neighbours, however wide the features
    assert {name: used / one for name, used in taken.items() if used > 0.9 * one} == {}
    assert last < 0.5 * one  # what the scores share
