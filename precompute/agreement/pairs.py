"""All metrics over all pairs of models at once: what several of them need is computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.inputs import Inputs, OnTransport
from precompute.agreement.intervals import RESAMPLES, interval
from precompute.agreement.metrics import METRICS, metric_of
from precompute.agreement.records import K, Run, Score, run_name
from precompute.agreement.runners import RUNNERS
from precompute.agreement.sample import Sample
from precompute.contracts import AtlasError

PERMUTATIONS = 20


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
        about their element's mean (but for CKNNA and k-NN, whose cosines are those of the features as they are, and
        transport, which moves them as they are), and permutations and transport stay within elements.
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
        Given each pair of models, their optimal plan and the rows that it is over; not within elements.

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
    over = Sample(structure, numbers if atoms == "within-element" else None)
    inputs = Inputs(
        tuple(features), tuple(metrics), list(features.values()), over, k, seed, resamples, permutations,
        on_transport, space, level,
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


def _score(name: str, inputs: Inputs) -> Score:
    m, n = len(inputs.models), len(inputs.sample)
    metric = METRICS[name]
    try:
        found = RUNNERS[name](inputs)
    except AtlasError as error:
        return Score.missing(name, m, n, str(error))
    except np.linalg.LinAlgError as error:
        return Score.missing(name, m, n, f"the features are numerically degenerate ({error})")
    except MemoryError as error:
        return Score.missing(name, m, n, f"there is not enough memory ({error}); take a smaller --sample or --k")
    except ValueError as error:  # one metric that fails is no reason to lose the others
        return Score.missing(name, m, n, f"it failed on these features ({error}); please report this")
    nothing = np.full(found.value.shape, np.nan)
    low = high = None
    if found.influence is not None and inputs.resamples:
        rng = inputs.rng(f"{name} interval")
        bounds = (metric.low, metric.high)
        low, high = interval(
            found.value, found.influence, rng,
            variance=found.variance, resamples=inputs.resamples, bounds=bounds, turned=True,
        )  # fmt: skip
    parts: dict[str, NDArray[np.float64]] = {
        part: nothing if values is None else values
        for part, values in (("low", low), ("high", high), ("null", found.null), ("null_high", found.null_high))
    }
    return Score(name, found.value, parts["low"], parts["high"], parts["null"], parts["null_high"], found.n or n)
