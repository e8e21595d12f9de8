"""All metrics over all pairs of models at once: what several of them need is computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from precompute.agreement import cknna, dimension, distances, imbalance, kernels, neighbours, procrustes, reconstruction
from precompute.agreement.intervals import RESAMPLES, counts, interval
from precompute.agreement.metrics import METRICS, metric_of
from precompute.agreement.records import Run, Score, run_name
from precompute.agreement.sample import Estimate, Sample, mean_influence
from precompute.agreement.transport import Transport, transport
from precompute.contracts import AtlasError
from precompute.neighbours import NeighbourLists, nearest

K = 10
PERMUTATIONS = 20
PROCRUSTES_PERMUTATIONS = 8  # a singular value decomposition a pair, each
TRANSPORT_ATOMS = 1_000
DIMENSION_RESAMPLES = 100  # a fit each, where other scores need a sum
DIMENSION_PERMUTATIONS = 4  # distances of every pair joined, each
CYCLE_PERMUTATIONS = 5
DIMENSION_NULL_ATOMS = 2_000

OnTransport = Callable[[str, str, Transport, NDArray[np.intp]], None]


def compare(
    features: Mapping[str, NDArray[np.floating]],
    structure: NDArray[np.integer],
    *,
    numbers: NDArray[np.integer],
    metrics: Sequence[str] = tuple(METRICS),
    k: int = K,
    seed: int = 0,
    resamples: int = RESAMPLES,
    permutations: int = PERMUTATIONS,
    atoms: str = "representatives",
    level: str = "atom",
    space: str = "coordinates",
    sample: int = 0,
    select: str = "",
    n_atoms: int | None = None,
    on_metric: Callable[[str], None] | None = None,
    on_transport: OnTransport | None = None,
) -> Run:
    """Compare all pairs of M models over the same n atoms (or structures).

    Parameters
    ----------
    features : mapping of model key to (n, p) float
        One row an atom, the same atoms for all models; finite.
    structure : (n,) int
        The structure of each atom, for intervals.
    numbers : (n,) int
        Atomic numbers; with ``within-element``, neighbours and pairs are restricted to equal ones, features are taken
        about their element's mean (but for CKNNA and k-NN, whose cosines are those of the features as they are), and
        permutations stay within elements.
    metrics : sequence of str
        Ids in `METRICS`.
    k : int
        Neighbours of the local scores; local reconstruction uses 2 k points.
    seed : int
        Of resamples, permutations and splits; each metric draws from its own stream, so a score does not depend on
        which others are asked for.
    resamples, permutations : int
        0 for no intervals, or no nulls.
    atoms, level, space, sample, select
        What the atoms are, for the record; see `Run`.
    n_atoms : int, optional
        Where rows are structures: how many atoms took part.
    on_metric : callable, optional
        Told the id of each metric that is done.
    on_transport : callable, optional
        Given each pair of models, their optimal plan and the rows that it is over.

    Returns
    -------
    Run
        A metric that cannot be computed has a reason and no values; the others go on.

    Raises
    ------
    AtlasError
        For an unknown metric, or features that are not of the same atoms.
    """
    for name in metrics:
        metric_of(name)
    n = len(structure)
    for key, x in features.items():
        if x.ndim != 2 or len(x) != n or len(numbers) != n:
            raise AtlasError(
                f"{key} has features of shape {x.shape}, with {n} structure indices and {len(numbers)} atomic numbers; "
                "expected one row an atom in all"
            )
    inputs = _Inputs(
        tuple(features), list(features.values()), Sample(structure, numbers if atoms == "within-element" else None),
        k, seed, resamples, permutations, on_transport,
    )  # fmt: skip
    scores = {}
    for name in metrics:
        scores[name] = _score(name, inputs)
        if on_metric is not None:
            on_metric(name)
    return Run(
        name=run_name(atoms, level, space, select),
        models=tuple(features),
        atoms=atoms,
        level=level,
        space=space,
        k=k,
        sample=sample,
        seed=seed,
        select=select,
        n_atoms=n if n_atoms is None else n_atoms,
        n_structures=inputs.sample.n_structures,
        resamples=resamples,
        permutations=permutations,
        scores=scores,
    )


class _Inputs:
    """What the metrics of one comparison share."""

    def __init__(
        self,
        models: tuple[str, ...],
        features: list[NDArray[np.floating]],
        sample: Sample,
        k: int,
        seed: int,
        resamples: int,
        permutations: int,
        on_transport: OnTransport | None,
    ) -> None:
        self.models, self.features, self.sample = models, features, sample
        self.k, self.seed, self.resamples, self.permutations = k, seed, resamples, permutations
        self.on_transport = on_transport

    def rng(self, name: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, *name.encode()])

    @cached_property
    def lists(self) -> list[NeighbourLists]:
        """Nearest neighbours by cosine, with similarities."""
        n = len(self.sample)
        fewest = min((len(rows) for rows in self.sample.groups), default=0)
        if not 1 <= self.k < fewest:
            of = "of each element" if self.sample.labels is not None else ""
            raise AtlasError(f"{self.k} nearest neighbours need more than {self.k} atoms {of}; there are {fewest}")
        kind = "all" if self.sample.labels is None else "within_element"
        return [nearest(x, orbit=np.arange(n), kind=kind, labels=self.sample.labels, k=self.k) for x in self.features]

    @cached_property
    def procrustes(self) -> Estimate:
        return procrustes.all_pairs(
            self.features,
            self.sample,
            permutations=min(self.permutations, PROCRUSTES_PERMUTATIONS),
            rng=self.rng("procrustes"),
        )

    @cached_property
    def ratios(self) -> dict[tuple[int, int], dimension.Ratios]:
        return dimension.pair_ratios(self._centred, labels=self.sample.labels)

    @cached_property
    def own_ratios(self) -> list[dimension.Ratios]:
        """Of each model by itself; cut from those of pairs where they are there already."""
        if "ratios" in self.__dict__:
            return [self.ratios[i, i] for i in range(len(self.models))]
        return [dimension.ratios(x, labels=self.sample.labels) for x in self._centred]

    @property
    def _centred(self) -> list[NDArray[np.float64]]:
        return [self.sample.centred(x) for x in self.features]


def _score(name: str, inputs: _Inputs) -> Score:
    m, n = len(inputs.models), len(inputs.sample)
    metric = METRICS[name]
    try:
        found = _RUNNERS[name](inputs)
    except AtlasError as error:
        return Score.missing(name, m, n, str(error))
    except np.linalg.LinAlgError as error:
        return Score.missing(name, m, n, f"the features are numerically degenerate ({error})")
    nothing = np.full(found.value.shape, np.nan)
    low, high = found.low, found.high
    if found.influence is not None and inputs.resamples:
        rng = inputs.rng(f"{name} interval")
        bounds = (metric.low, metric.high)
        low, high = interval(found.value, found.influence, rng, resamples=inputs.resamples, bounds=bounds)
    parts: dict[str, NDArray[np.float64]] = {
        part: nothing if values is None else values
        for part, values in (("low", low), ("high", high), ("null", found.null), ("null_high", found.null_high))
    }
    return Score(name, found.value, parts["low"], parts["high"], parts["null"], parts["null_high"], found.n or n)


# ---- scores from neighbour lists


def _of_lists(inputs: _Inputs, name: str, of: Callable[[NDArray, NDArray, int], NDArray[np.float64]]) -> Estimate:
    """Mean over atoms of a score of two neighbour lists, and the same with each model's atoms permuted."""
    symmetric = METRICS[name].symmetric
    index = [x.index for x in inputs.lists]
    m, k = len(index), inputs.k
    value = np.empty((m, m))
    influence = np.empty((m, m, inputs.sample.n_structures))
    for i in range(m):
        for j in range(i if symmetric else 0, m):
            each = of(index[i], index[j], k)
            value[i, j] = np.nanmean(each)
            influence[i, j] = mean_influence(each, inputs.sample)
            if name == "mutual-knn":
                influence[i, j] += inputs.sample.totals(_received(index[i], index[j], each))
            if symmetric:
                value[j, i], influence[j, i] = value[i, j], influence[i, j]
    if not inputs.permutations:
        return Estimate(value, influence)
    rng = inputs.rng(f"{name} null")
    drawn = np.full((inputs.permutations if symmetric else min(inputs.permutations, CYCLE_PERMUTATIONS), m, m), np.nan)
    for d in range(len(drawn)):
        dealt = [neighbours.permuted(x, inputs.sample.permutation(rng)) for x in index]
        for i in range(m):
            for j in range(i + 1, m):
                drawn[d, i, j] = np.nanmean(of(dealt[i], dealt[j], k))
                drawn[d, j, i] = drawn[d, i, j] if symmetric else np.nanmean(of(dealt[j], dealt[i], k))
    mean = drawn.mean(axis=0)
    spread = drawn.std(axis=0, ddof=1) if len(drawn) > 1 else np.zeros_like(mean)
    return Estimate(value, influence, mean, mean + 1.96 * spread)


def _received(a: NDArray[np.integer], b: NDArray[np.integer], shared: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each atom does to the mean overlap by standing in lists of others, (n,).

    An atom that is taken out of a list leaves its place to the next one, which is as likely to be shared as the list's
    others are: an atom in both lists adds 1 - o_i to the overlap of atom i, one in a single list -o_i / 2.
    """
    n, k = a.shape
    hit = a[:, :, None] == b[:, None, :]
    result = np.zeros(n)
    for index, agreed in ((a, hit.any(axis=2)), (b, hit.any(axis=1))):
        known = index >= 0
        gain = np.where(known, agreed - np.nan_to_num(shared)[:, None], 0.0)
        result += np.bincount(index[known], weights=gain[known], minlength=n)
    return result / (2.0 * n * k)


def _imbalance(inputs: _Inputs) -> Estimate:
    """Of permuted atoms ranks are uniform: 2 r / n has mean 1, and (n-1)^2 - 1 over 12 is the variance of r."""
    each = imbalance.imbalances(inputs.features, labels=inputs.sample.labels)
    value = np.nanmean(each, axis=2)
    influence = np.array([[mean_influence(e, inputs.sample) for e in line] for line in each])
    size = np.array([len(rows) for rows in inputs.sample.groups], float)[inputs.sample.group]
    variance = np.mean(((size - 1.0) ** 2 - 1.0) / 3.0 / size**2) / len(size)
    null = np.where(np.eye(len(value), dtype=bool), np.nan, 1.0)
    return Estimate(value, influence, null, null + 1.96 * np.sqrt(variance))


# ---- scores from distances to two neighbours


def _fit(ratio: NDArray[np.float64]) -> float:
    value = dimension.fitted(ratio)
    return value if np.isfinite(value) else np.nan


def _dimension(inputs: _Inputs) -> Estimate:
    ratios = [r.ratio for r in inputs.own_ratios]
    value = np.array([_fit(r) for r in ratios])
    low, high = _resampled(inputs, "intrinsic-dimension", lambda rows: np.array([_fit(r[rows]) for r in ratios]), value)
    return Estimate(value, low=low, high=high)


def _collapse(inputs: _Inputs) -> Estimate:
    collapsed = [r.collapsed.astype(float) for r in inputs.own_ratios]
    influence = np.array([mean_influence(c, inputs.sample) for c in collapsed])
    return Estimate(np.array([c.mean() for c in collapsed]), influence)


def _dimension_correlation(inputs: _Inputs) -> Estimate:
    m = len(inputs.models)

    def correlations(ratios: Mapping[tuple[int, int], NDArray[np.float64]]) -> NDArray[np.float64]:
        fits = {pair: _fit(r) for pair, r in ratios.items()}
        result = np.empty((m, m))
        for i in range(m):
            result[i, i] = 1.0  # a model joined to itself has the directions that it has
            for j in range(i + 1, m):
                result[i, j] = result[j, i] = dimension.correlated(fits[i, i], fits[j, j], fits[i, j])
        return result

    found = {pair: r.ratio for pair, r in inputs.ratios.items()}
    value = correlations(found)
    low, high = _resampled(
        inputs, "id-correlation", lambda rows: correlations({p: r[rows] for p, r in found.items()}), value
    )
    if not inputs.permutations or len(inputs.sample) > DIMENSION_NULL_ATOMS:
        return Estimate(value, low=low, high=high)
    rng = inputs.rng("id-correlation null")
    drawn = []
    for _ in range(min(inputs.permutations, DIMENSION_PERMUTATIONS)):
        # atoms stay within their labels, so the labels need no permuting
        dealt = [x[inputs.sample.permutation(rng)] for x in inputs._centred]
        drawn.append(
            correlations({p: r.ratio for p, r in dimension.pair_ratios(dealt, labels=inputs.sample.labels).items()})
        )
    null = np.where(np.eye(m, dtype=bool), np.nan, np.mean(drawn, axis=0))
    spread = np.std(drawn, axis=0, ddof=1) if len(drawn) > 1 else np.zeros_like(null)
    return Estimate(value, None, null, null + 1.96 * spread, low, high)


def _resampled(
    inputs: _Inputs, name: str, of: Callable[[NDArray[np.intp]], NDArray[np.float64]], value: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | tuple[None, None]:
    """Interval of a fit by drawing structures, neighbours held fixed, about the value (as in `intervals`)."""
    if inputs.resamples < 2 or inputs.sample.n_structures < 2:
        return None, None
    drawn = []
    for c in counts(inputs.sample.n_structures, min(inputs.resamples, DIMENSION_RESAMPLES), inputs.rng(name)):
        drawn.append(of(np.repeat(np.arange(len(inputs.sample)), c[inputs.sample.codes].astype(int))))
    about = value - np.nanmean(drawn, axis=0)
    low, high = np.nanquantile(drawn, [0.025, 0.975], axis=0)
    return low + about, high + about


# ---- transport


def _transport(inputs: _Inputs) -> Estimate:
    m, n = len(inputs.models), len(inputs.sample)
    rows = np.arange(n)
    if n > TRANSPORT_ATOMS:
        rows = np.sort(inputs.rng("transport").permutation(n)[:TRANSPORT_ATOMS])
    clouds = [x[rows] for x in inputs.features]
    if len({x.shape[1] for x in clouds}) > 1:
        raise AtlasError("transport is between coordinates on the same anchors; these features differ in width")
    value = np.zeros((m, m))
    for i in range(m):
        for j in range(i + 1, m):
            plan = transport(clouds[i], clouds[j])
            value[i, j] = value[j, i] = plan.relative
            if inputs.on_transport is not None:
                inputs.on_transport(inputs.models[i], inputs.models[j], plan, rows)
    return Estimate(value, n=len(rows))


_RUNNERS: dict[str, Callable[[_Inputs], Estimate]] = {
    "procrustes": lambda s: s.procrustes,
    "procrustes-angular": lambda s: procrustes.angular_estimate(s.procrustes),
    "cka": lambda s: kernels.linear_pairs(s.features, s.sample),
    "cka-unbiased": lambda s: kernels.unbiased_pairs(s.features, s.sample),
    "cka-rbf": lambda s: kernels.rbf_pairs(s.features, s.sample),
    "cknna": lambda s: cknna.all_pairs(s.lists, s.sample, permutations=s.permutations, rng=s.rng("cknna")),
    "mutual-knn": lambda s: _of_lists(s, "mutual-knn", neighbours.mutual_knn),
    "cycle-knn": lambda s: _of_lists(s, "cycle-knn", neighbours.cycle_knn),
    "distance-correlation": lambda s: distances.all_pairs(s.features, s.sample),
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
