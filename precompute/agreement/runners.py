"""How each metric is computed over all pairs of models, from what the metrics share."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from precompute.agreement import cknna, dimension, distances, imbalance, kernels, neighbours, procrustes, reconstruction
from precompute.agreement.inputs import Inputs
from precompute.agreement.metrics import METRICS
from precompute.agreement.permuted import null_of_draws
from precompute.agreement.sample import Estimate, counted_twice, mean_influence, with_neighbours
from precompute.agreement.transport import transport
from precompute.contracts import AtlasError

TRANSPORT_ATOMS = 1_000
DIMENSION_PERMUTATIONS = 8  # distances of every pair joined, each
DIMENSION_NULL_ATOMS = 2_000
CYCLE_PERMUTATIONS = 8
IMBALANCE_PERMUTATIONS = 5
PAIRS_PER_BLOCK = 16_000_000
NO_DIMENSION = f"no model has a finite dimension from at least {dimension.FEWEST} distinct atoms"

# ---- scores from neighbour lists


def _of_lists(inputs: Inputs, name: str, of: Callable[[NDArray, NDArray, int], NDArray[np.float64]]) -> Estimate:
    """Mean over atoms of a score of two neighbour lists, and the same with each model's atoms permuted."""
    symmetric = METRICS[name].symmetric
    index = [x.index for x in inputs.lists]
    m, k = len(index), inputs.k
    value = np.empty((m, m))
    influence = np.empty((m, m, inputs.sample.n_structures))
    variance = np.empty((m, m))
    for i in range(m):
        for j in range(i if symmetric else 0, m):
            each = of(index[i], index[j], k)
            value[i, j] = _mean(each)
            influence[i, j] = mean_influence(each, inputs.sample)
            twice = 0.0
            if name == "mutual-knn":
                of_atom, to_atom, gain = _received(index[i], index[j], each)
                received = np.bincount(to_atom, weights=gain, minlength=len(each)).astype(float)
                influence[i, j] += inputs.sample.totals(received)
                twice = counted_twice(inputs.sample, of_atom, to_atom, gain)
            variance[i, j] = (influence[i, j] ** 2).sum() - twice
            if symmetric:
                value[j, i], influence[j, i], variance[j, i] = value[i, j], influence[i, j], variance[i, j]
    if not inputs.permutations:
        return Estimate(value, influence, variance=variance)
    rng = inputs.rng(f"{name} null")
    drawn = np.full((inputs.permutations if symmetric else min(inputs.permutations, CYCLE_PERMUTATIONS), m, m), np.nan)
    for d in range(len(drawn)):
        dealt = [neighbours.permuted(x, inputs.sample.permutation(rng)) for x in index]
        for i in range(m):
            for j in range(i + 1, m):
                drawn[d, i, j] = _mean(of(dealt[i], dealt[j], k))
                drawn[d, j, i] = drawn[d, i, j] if symmetric else _mean(of(dealt[j], dealt[i], k))
    return Estimate(value, influence, *null_of_draws(drawn), variance)


def _mean(each: NDArray[np.float64]) -> float:
    """Mean over the atoms that have a score; NaN where none has."""
    known = np.isfinite(each)
    return float(each[known].mean()) if known.any() else np.nan


def _received(
    a: NDArray[np.integer], b: NDArray[np.integer], shared: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """What each place in a list does to the mean overlap: the atom whose list it is, the atom in it, and the change.

    An atom that is taken out of a list leaves its place to the next one, which is as likely to be shared as the list's
    others are: an atom in both lists adds 1 - o_i to the overlap of atom i, one in a single list -o_i / 2.
    """
    n, k = a.shape
    both = np.zeros((2, n, k), np.bool_)
    step = max(1, PAIRS_PER_BLOCK // k**2)
    for start in range(0, n, step):
        rows = slice(start, start + step)
        hit = a[rows, :, None] == b[rows, None, :]
        both[0, rows], both[1, rows] = hit.any(axis=2), hit.any(axis=1)
    index = np.stack([a, b])
    _, of, _ = known = np.nonzero(index >= 0)
    gain = (both - np.nan_to_num(shared)[:, None])[known] / (2.0 * n * k)
    return of, index[known].astype(np.intp), gain


def _imbalance(inputs: Inputs) -> Estimate:
    """Of permuted atoms ranks are uniform, so that 2 r / n has mean 1; how far draws stray from it takes draws.

    An atom takes part in its own score and in those of the atoms whose nearest neighbour it is. Without it these go to
    the next one, whose rank lies about halfway between theirs and the mean.
    """
    labels, m = inputs.sample.labels, len(inputs.models)
    near = imbalance.nearest_pairs(inputs.features, labels=labels)
    rng = inputs.rng("information-imbalance null")
    orders = [inputs.sample.permutation(rng) for _ in range(min(inputs.permutations, IMBALANCE_PERMUTATIONS))]
    dealt = [imbalance.permuted_pairs(pairs, order) for order in orders for pairs in near]
    found = imbalance.shares([*near, *dealt], inputs.features, labels=labels, n_exact=m)
    means = np.array([[_mean(e) for e in line] for line in found]).reshape(-1, m, m)
    each, value = found[:m], means[0]
    influence = np.array([[mean_influence(e, inputs.sample) for e in line] for line in each])
    for i, (of, to) in enumerate(near):
        share = 1.0 / np.bincount(of)[of]
        for j, e in enumerate(each[i]):
            above = np.bincount(to, weights=share * np.nan_to_num(e - value[i, j])[of] / 2.0, minlength=len(e))
            influence[i, j] += inputs.sample.totals(above - above.mean()) / len(e)
    if not orders:
        return Estimate(value, influence)
    mean, high = null_of_draws(means[1:])
    null = np.where(np.eye(m, dtype=bool), np.nan, 1.0)
    return Estimate(value, influence, null, null + high - mean)


# ---- scores from distances to two neighbours


def _fit(ratio: NDArray[np.float64]) -> float:
    """NaN for fewer distinct atoms than a fit needs, and where there is no finite dimension."""
    if np.isfinite(ratio).sum() < dimension.FEWEST:
        return np.nan
    value = dimension.fitted(ratio)
    return value if np.isfinite(value) else np.nan


def _dimension(inputs: Inputs) -> Estimate:
    ratios = [r.ratio for r in inputs.own_ratios]
    value = np.array([_fit(r) for r in ratios])
    if not np.isfinite(value).any():
        raise AtlasError(NO_DIMENSION)
    parts = [dimension.line_influence(r) for r in ratios]
    influence = np.array([inputs.sample.totals(part) for part in parts])
    near = [r.nearest for r in inputs.own_ratios]
    variance = [with_neighbours(inputs.sample, part, nearest) for part, nearest in zip(parts, near, strict=True)]
    return Estimate(value, influence, variance=np.array(variance))


def _collapse(inputs: Inputs) -> Estimate:
    collapsed = [r.collapsed.astype(float) for r in inputs.own_ratios]
    influence = np.array([mean_influence(c, inputs.sample) for c in collapsed])
    return Estimate(np.array([c.mean() for c in collapsed]), influence)


def _dimension_correlation(inputs: Inputs) -> Estimate:
    m = len(inputs.models)

    def correlations(ratios: Mapping[tuple[int, int], NDArray[np.float64]]) -> NDArray[np.float64]:
        fits = {pair: _fit(r) for pair, r in ratios.items()}
        result = np.empty((m, m))
        for i in range(m):
            # a model joined to itself has the directions that it has
            result[i, i] = 1.0 if np.isfinite(fits[i, i]) else np.nan
            for j in range(i + 1, m):
                result[i, j] = result[j, i] = dimension.correlated(fits[i, i], fits[j, j], fits[i, j])
        return result

    found = {pair: r.ratio for pair, r in inputs.ratios.items()}
    value = correlations(found)
    if not np.isfinite(value).any():
        raise AtlasError(NO_DIMENSION)
    influence = _correlation_influence(inputs, found, value)
    if not inputs.permutations or len(inputs.sample) > DIMENSION_NULL_ATOMS:
        return Estimate(value, influence)
    rng = inputs.rng("id-correlation null")
    drawn = []
    for _ in range(min(inputs.permutations, DIMENSION_PERMUTATIONS)):
        # atoms stay within their labels, so the labels need no permuting
        dealt = [x[inputs.sample.permutation(rng)] for x in inputs.spaces]
        drawn.append(
            correlations({p: r.ratio for p, r in dimension.pair_ratios(dealt, labels=inputs.sample.labels).items()})
        )
    null, above = (np.where(np.eye(m, dtype=bool), np.nan, part) for part in null_of_draws(np.array(drawn)))
    return Estimate(value, influence, null, above)


def _correlation_influence(
    inputs: Inputs, ratios: Mapping[tuple[int, int], NDArray[np.float64]], value: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Of rho = (I_a + I_b - I_ab) / max(I_a, I_b), by those of the dimensions.

    What neighbours have in common goes into the dimensions with one sign and into the joint one with the other; it is
    left out here, where `with_neighbours` would make intervals wider than their rate.
    """
    m = len(inputs.models)
    of = {pair: inputs.sample.totals(dimension.line_influence(r)) for pair, r in ratios.items()}
    own = [_fit(ratios[i, i]) for i in range(m)]
    result = np.zeros((m, m, inputs.sample.n_structures))
    for i in range(m):
        for j in range(i + 1, m):
            if np.isfinite(value[i, j]):
                larger = i if own[i] >= own[j] else j
                change = of[i, i] + of[j, j] - of[i, j] - value[i, j] * of[larger, larger]
                result[i, j] = result[j, i] = change / own[larger]
    return result


# ---- transport


def _transport(inputs: Inputs) -> Estimate:
    if inputs.space != "coordinates" or inputs.level == "cumulants":
        what = inputs.level if inputs.level == "cumulants" else inputs.space
        raise AtlasError(f"transport needs one space for both models, as coordinates on the same anchors; not {what}")
    m, n = len(inputs.models), len(inputs.sample)
    rows = np.arange(n)
    if n > TRANSPORT_ATOMS:
        rows = np.sort(inputs.rng("transport").permutation(n)[:TRANSPORT_ATOMS])
    clouds = [x[rows] for x in inputs.features]
    if len({x.shape[1] for x in clouds}) > 1:
        raise AtlasError("transport is between coordinates on the same anchors; these features differ in width")
    value = np.zeros((m, m))
    parts = [np.arange(len(rows))]
    if inputs.sample.labels is not None:  # then mass stays within each element
        of = inputs.sample.group[rows]
        parts = [np.flatnonzero(of == g) for g in np.unique(of)]
    for i in range(m):
        for j in range(i + 1, m):
            plans = [transport(clouds[i][part], clouds[j][part]) for part in parts]
            mixing = sum(p.independent * len(p.match) for p in plans)
            cost = sum(p.cost * len(p.match) for p in plans)
            value[i, j] = value[j, i] = cost / mixing if mixing > 0.0 else 0.0
            if inputs.on_transport is not None and inputs.sample.labels is None:
                inputs.on_transport(inputs.models[i], inputs.models[j], plans[0], rows)
    return Estimate(value, n=len(rows))


RUNNERS: dict[str, Callable[[Inputs], Estimate]] = {
    "procrustes": lambda s: s.procrustes,
    "procrustes-angular": lambda s: procrustes.angular_estimate(s.procrustes),
    "cka": lambda s: kernels.of_biased(s.linear),
    "cka-unbiased": lambda s: kernels.of_unbiased(s.linear, s.sample),
    "cka-rbf": lambda s: kernels.rbf_pairs(s.spaces, s.sample),
    "cknna": lambda s: cknna.all_pairs(s.lists, s.sample, permutations=s.permutations, rng=s.rng("cknna")),
    "mutual-knn": lambda s: _of_lists(s, "mutual-knn", neighbours.mutual_knn),
    "cycle-knn": lambda s: _of_lists(s, "cycle-knn", neighbours.cycle_knn),
    "distance-correlation": lambda s: distances.all_pairs(s.spaces, s.sample),
    "transport": _transport,
    "intrinsic-dimension": _dimension,
    "collapse": _collapse,
    "id-correlation": _dimension_correlation,
    "information-imbalance": _imbalance,
    "gfre": lambda s: reconstruction.global_pairs(
        s.features, s.sample, seed=s.seed, permutations=s.permutations, rng=s.rng("gfre")
    ),
    "lfre": lambda s: reconstruction.local_pairs(
        s.features, s.sample, points=2 * s.k, seed=s.seed, permutations=s.permutations, rng=s.rng("lfre")
    ),
}
