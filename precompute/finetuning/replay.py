"""Structures to replay: small crystals of the catalogue, displaced, to be labelled by the base (pseudolabels)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from precompute.contracts import AtlasError, Structure

LARGEST = 8
# angstrom; at rest, symmetry makes most forces of a crystal zero, so there would be none to keep
DISPLACED = 0.05
# One sample for all runs: runs that differ in their seed are to differ by training, not by what was replayed.
SAMPLE_SEED = 0


def sample(structures: Sequence[Structure], count: int, excluded: Collection[int] = ()) -> list[Structure]:
    """Return `count` structures that between them cover as many elements as they can.

    From structures of at most `LARGEST` atoms without an excluded element: first, again and again, the one with most
    elements not covered yet (of those, the smallest; then the first of a seeded order); once nothing is left to cover,
    the next of the seeded order.

    Raises
    ------
    AtlasError
        If fewer than `count` are left.
    """
    usable = [s for s in structures if len(s) <= LARGEST and not {*s.numbers.tolist()} & {*excluded}]
    if len(usable) < count:
        raise AtlasError(
            f"{count} structures to replay were asked for; the model takes {len(usable)} of at most {LARGEST} atoms "
            "without an excluded element: ask for fewer with --replay"
        )
    left = [usable[i] for i in np.random.default_rng(SAMPLE_SEED).permutation(len(usable))]
    chosen: list[Structure] = []
    covered: set[int] = set()
    while len(chosen) < count:
        new = [len({*s.numbers.tolist()} - covered) for s in left]
        best = max(new)
        at = min((len(left[i]), i) for i, n in enumerate(new) if n == best)[1] if best else 0
        chosen.append(left.pop(at))
        covered |= {*chosen[-1].numbers.tolist()}
    return chosen


def displaced(structures: Sequence[Structure], size: float = DISPLACED) -> list[Structure]:
    """Return the structures with every coordinate moved by normal noise of standard deviation `size`, angstrom."""
    noise = np.random.default_rng(SAMPLE_SEED)
    return [
        Structure(
            id=s.id,
            source=s.source,
            numbers=s.numbers,
            positions=s.positions + noise.normal(0.0, size, (len(s), 3)),
            cell=s.cell,
            pbc=s.pbc,
        )
        for s in structures
    ]
