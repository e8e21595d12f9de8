"""How many anchors are enough: agreement of models against the number of anchors and the way of choosing them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from precompute import anchors
from precompute.agreement.kernels import linear_pairs
from precompute.agreement.neighbours import K, mutual_knn, neighbour_lists
from precompute.agreement.procrustes import all_pairs
from precompute.agreement.records import AnchorCounts
from precompute.agreement.sample import Sample
from precompute.contracts import AtlasError
from precompute.coordinates import coordinates as similarities

COUNTS = (5, 10, 20, 50, 100, 200, 500)
METHODS = ("atlas", "random", "direct")
METRICS = ("cka", "procrustes", "mutual-knn")
SEEDS = 5
N_ATOMS = 1_000
DRAWN = 0.8
COMPACT = 100
ROUNDING = 1e-14  # of float32 coordinates, squared, over the squares of all of them


def anchor_counts(
    embeddings: Mapping[str, NDArray[np.floating]],
    coordinates: Mapping[str, NDArray[np.floating]],
    *,
    chosen_on: str,
    own_anchors: NDArray[np.integer] | None = None,
    measure: str = "cosine",
    centre: bool = False,
    counts: Sequence[int] = COUNTS,
    n_seeds: int = SEEDS,
    sample: int = N_ATOMS,
    k: int = K,
    seed: int = 0,
    on_step: Callable[[int, int], None] | None = None,
) -> AnchorCounts:
    """Linear CKA, Procrustes (nuclear norm) and mutual k-NN of all pairs of models, for anchor sets of several sizes.

    A random half of the atoms, `sample` at most, is scored; anchors are chosen among the others, so that no atom is
    compared by its likeness to itself. The scored atoms are the same for all sets: what differs between two seeds is
    due to the anchors alone. (Sets that take a large part of the candidates share many, and vary less for that reason
    too.) Random sets of one seed are nested. DIRECT leaves nothing to chance, so each seed offers it another 80 % of
    the candidates; it chooses anew for each count (Li & Walsh, Nat. Mach. Intell. 8, 830 (2026), find agreement stable
    near 100 anchors that DIRECT chose).

    Parameters
    ----------
    embeddings : mapping of model to (N, d) float
        Of orbit representatives that all models have; finite. At least two models.
    coordinates : mapping of model to (N, K) float
        The atlas's coordinates of the same atoms, anchors in the atlas's order.
    chosen_on : str
        The model in whose space DIRECT chooses.
    own_anchors : (A,) int, optional
        Rows that are anchors of the atlas themselves; never scored.
    measure, centre
        Of the atlas's coordinates, as in `precompute.coordinates.coordinates`: so are those of other anchors made.
    counts : sequence of int
        Larger ones than there are candidates for are left out.
    n_seeds : int
    sample : int
    k : int
        Of mutual k-NN.
    seed : int
    on_step : callable
        Told how many anchor sets were scored, of how many.

    Raises
    ------
    AtlasError
        For fewer than two models, models of different atoms, an unknown `chosen_on`, or too few atoms.
    """
    models = tuple(embeddings)
    _check(embeddings, coordinates, models, chosen_on)
    n = len(embeddings[chosen_on])
    rng = np.random.default_rng(seed)
    own = np.array([], np.intp) if own_anchors is None else np.asarray(own_anchors, np.intp)
    scored = np.sort(rng.permutation(np.setdiff1d(np.arange(n), own))[: min(sample, n // 2)])
    candidates = np.setdiff1d(np.arange(n), scored)
    if len(scored) <= k:
        raise AtlasError(f"{n} representatives leave {len(scored)} to score by {k} neighbours; add structures")
    most = int(DRAWN * len(candidates))
    sizes = np.array(sorted({c for c in counts if 1 <= c <= most}), np.int64)
    if not len(sizes):
        raise AtlasError(f"none of {tuple(counts)} anchors can be chosen from {most} atoms; add structures")
    seeds = np.arange(seed, seed + n_seeds)
    shape = (len(METHODS), n_seeds, len(sizes), len(METRICS), len(models) * (len(models) - 1) // 2)
    result = np.full(shape, np.nan)
    done, steps = 0, len(sizes) * (1 + 2 * n_seeds)

    def score(method: str, at: int, size: int, given: Sequence[NDArray[np.floating]]) -> None:
        nonlocal done
        if given:
            result[METHODS.index(method), at, size] = _scores(given, k)
        done += 1
        if on_step is not None:
            on_step(done, steps)

    def spaces(chosen: NDArray[np.intp] | None) -> list[NDArray[np.float32]]:
        """Coordinates of the scored atoms on the chosen anchors, one array a model."""
        if chosen is None:
            return []
        return [similarities(e[scored], e[chosen], measure=measure, centre=centre) for e in embeddings.values()]

    for size, count in enumerate(sizes):
        enough = all(coordinates[m].shape[1] >= count for m in models)
        score("atlas", 0, size, [coordinates[m][scored, :count] for m in models] if enough else [])
    for at, number in enumerate(seeds):
        draw = np.random.default_rng([seed, int(number)]).permutation(candidates)[:most]
        for size, count in enumerate(sizes):
            score("random", at, size, spaces(draw[:count]))
            score("direct", at, size, spaces(_direct(embeddings[chosen_on], draw, int(count))))
    return AnchorCounts(models, METHODS, seeds, sizes, METRICS, result, len(scored), most)


def _check(
    embeddings: Mapping[str, NDArray[np.floating]],
    coordinates: Mapping[str, NDArray[np.floating]],
    models: tuple[str, ...],
    chosen_on: str,
) -> None:
    if len(models) < 2 or chosen_on not in models:
        raise AtlasError(f"agreement needs two models, one of them {chosen_on!r} to choose anchors in; not {models}")
    lengths = {len(of[m]) for of in (embeddings, coordinates) for m in models}
    if len(lengths) != 1:
        raise AtlasError(f"the models have {sorted(lengths)} atoms; give the same atoms of each")
    for m in models:
        bad = int((~np.isfinite(embeddings[m]).all(axis=1)).sum())
        if bad:
            raise AtlasError(f"{m} has no finite embedding of {bad} atoms; leave them out of all models")


def _direct(embeddings: NDArray[np.floating], candidates: NDArray[np.intp], count: int) -> NDArray[np.intp] | None:
    """Rows that DIRECT chooses among the candidates; None where the model does not tell as many atoms apart."""
    numbers = np.zeros(len(candidates), np.int64)  # DIRECT does not look at elements
    try:
        return candidates[anchors.choose(embeddings[candidates], numbers, count, method="direct")]
    except AtlasError:
        return None


def _scores(spaces: Sequence[NDArray[np.floating]], k: int) -> NDArray[np.float64]:
    """The metrics of all pairs, (metric, pair)."""
    every = Sample.of(len(spaces[0]))
    spaces = [_compact(x) for x in spaces]
    first, second = np.triu_indices(len(spaces), 1)
    lists = [neighbour_lists(x, k) for x in spaces]
    mutual = [mutual_knn(lists[i], lists[j], k).mean() for i, j in zip(first, second, strict=True)]
    cka = linear_pairs(spaces, every).value
    procrustes = all_pairs(spaces, every).value
    return np.array([cka[first, second], procrustes[first, second], mutual])


def _compact(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """The same atoms in as many axes as they need: cosines to more anchors than an embedding is wide span no more.

    Turning a space changes none of the metrics, and they take time as the cube of its width.
    """
    if x.shape[1] <= COMPACT:
        return x
    x = x.astype(np.float64)
    values, axes = np.linalg.eigh(x.T @ x)
    return x @ axes[:, values > ROUNDING * values[-1]]
