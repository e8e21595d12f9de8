"""On features of real potentials, too, local metrics and transport equal literal transcriptions of their formulas."""

from itertools import permutations

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.spatial.distance import cdist
from scipy.stats import rankdata

from precompute.agreement.dimension import dimension_correlation, intrinsic_dimension
from precompute.agreement.imbalance import information_imbalance
from precompute.agreement.neighbours import cycle_knn, mutual_knn, neighbour_lists
from precompute.agreement.overlap import rank_overlap
from precompute.agreement.transport import transport
from tests.agreement.conftest import MODELS, RealAtoms

pytestmark = pytest.mark.models
K = 10


def features(atoms: RealAtoms, space: str) -> dict[str, np.ndarray]:
    return {m: x.astype(np.float64) for m, x in getattr(atoms, space).items()}


def brute_lists(x: np.ndarray, k: int = K) -> list[list[int]]:
    cosine = 1 - cdist(x, x, "cosine")
    others = [np.delete(np.arange(len(x)), i) for i in range(len(x))]
    return [sorted(o, key=lambda j, c=c: (-np.float32(c[j]), j))[:k] for o, c in zip(others, cosine, strict=True)]


def literal_imbalance(a: np.ndarray, b: np.ndarray) -> float:
    da, db = cdist(a, a), cdist(b, b)
    np.fill_diagonal(da, np.inf)
    ranks = [rankdata(np.delete(row, i)) for i, row in enumerate(db)]
    first = da.argmin(axis=1)
    return 2 / len(a) * float(np.mean([r[j - (j > i)] for i, (r, j) in enumerate(zip(ranks, first, strict=True))]))


def literal_dimension(x: np.ndarray) -> float:
    d = np.sort(cdist(x, x), axis=1)
    mu = np.sort(d[:, 2] / d[:, 1])
    kept = int(0.9 * len(mu))
    y = -np.log(1 - np.arange(1, kept + 1) / len(mu))
    return float(np.linalg.lstsq(np.log(mu[:kept, None]), y, rcond=None)[0][0])


def distinct(atoms: RealAtoms, space: str) -> dict[str, np.ndarray]:
    """Without atoms that some model does not tell apart, which the literal formulas do not provide for."""
    every = features(atoms, space)
    kept = np.ones(len(atoms.numbers), bool)
    for x in every.values():
        near = cdist(x, x)
        np.fill_diagonal(near, np.inf)
        kept &= near.min(axis=1) > 1e-4 * x.std(axis=0).max()
    assert kept.mean() > 0.9
    return {m: x[kept] for m, x in every.items()}


@pytest.mark.parametrize("space", ["coordinates", "embeddings"])
def test_neighbour_scores(real_atoms: RealAtoms, space: str) -> None:
    every = features(real_atoms, space)
    found = {m: neighbour_lists(x, K) for m, x in every.items()}
    brute = {m: brute_lists(x) for m, x in every.items()}
    for a, b in permutations(MODELS, 2):
        mutual = [len(set(x) & set(y)) / K for x, y in zip(brute[a], brute[b], strict=True)]
        assert mutual_knn(found[a], found[b]).mean() == pytest.approx(np.mean(mutual), abs=1e-6)
        cycle = [any(i in brute[b][j] for j in brute[a][i]) for i in range(len(mutual))]
        assert cycle_knn(found[a], found[b]).mean() == pytest.approx(np.mean(cycle), abs=1e-6)
        ranked = [
            0.9**K * len(set(x) & set(y)) / K
            + sum(0.1 / 0.9 * 0.9**d * len(set(x[:d]) & set(y[:d])) / d for d in range(1, K + 1))
            for x, y in zip(brute[a], brute[b], strict=True)
        ]
        assert rank_overlap(found[a], found[b], K).mean() == pytest.approx(np.mean(ranked), abs=1e-6)


@pytest.mark.parametrize("space", ["coordinates", "embeddings"])
def test_information_imbalance(real_atoms: RealAtoms, space: str) -> None:
    every = distinct(real_atoms, space)
    for a, b in permutations(MODELS, 2):
        found = information_imbalance(every[a], every[b])
        assert found == pytest.approx(
            (literal_imbalance(every[a], every[b]), literal_imbalance(every[b], every[a])), abs=1e-6
        )


@pytest.mark.parametrize("space", ["coordinates", "embeddings"])
def test_intrinsic_dimensions(real_atoms: RealAtoms, space: str) -> None:
    every = distinct(real_atoms, space)
    centred = {m: x - x.mean(axis=0) for m, x in every.items()}
    unit = {m: x / np.sqrt((x**2).sum(axis=1).mean()) for m, x in centred.items()}
    for x in every.values():
        assert intrinsic_dimension(x).value == pytest.approx(literal_dimension(x), abs=1e-6)
    a, b = MODELS[:2]
    found = dimension_correlation(every[a], every[b])
    assert found.joint == pytest.approx(literal_dimension(np.hstack([unit[a], unit[b]])), abs=1e-6)


def test_transport(real_atoms: RealAtoms) -> None:
    """As a linear programme over 60 atoms, so that neither algorithm nor formulation is shared."""
    n = 60
    a, b = (real_atoms.coordinates[m][:n].astype(float) for m in MODELS[:2])
    cost = cdist(a, b, "sqeuclidean")
    rows, columns = np.kron(np.eye(n), np.ones(n)), np.kron(np.ones(n), np.eye(n))
    plan = linprog(cost.ravel(), A_eq=np.vstack([rows, columns]), b_eq=np.full(2 * n, 1 / n), method="highs")
    assert transport(a, b).cost == pytest.approx(plan.fun, abs=1e-6)
