"""Whether a fine-tuned model still is the model that it was: checks of a series against thresholds fixed beforehand.

The thresholds of `LIMITS` come from chgnet-0.3.0 damaged on purpose (`python -m benchmarks.damage`, seeds 0 to 4) and
were tested on other seeds; docs/drift.md has the tables. They are not fitted to any fine-tuning. For other families
they are not calibrated: 7net-0 keeps its forces while its space moves further, so that it fails long before it is as
damaged. Neighbours kept depend on the number of atoms: the limit is for some 300 symmetry-distinct ones, and stricter
for more. So is that of energies, fixed on 140 structures of all elements: with more, the shift of each element takes up
a smaller part of the change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from precompute.contracts import AtlasError
from precompute.drift.records import Series

JUDGED = ("fine-tuning", "published")
LIMITS = {
    "reembedded": 0.013,
    "retention": 0.84,
    "procrustes": 0.992,
    "energy": 0.08,
    "forces": 0.055,
}
FORGOTTEN = 0  # elements
UNANSWERED = 0  # structures
SOURCE = "damage series of chgnet-0.3.0, docs/drift.md"

_ABOUT = {
    "reembedded": (
        "Drift, anchors re-embedded",
        "",
        "Mean 1 - cosine between base and checkpoint coordinates over symmetry-distinct atoms.",
    ),
    "retention": (
        "Neighbours kept",
        "",
        "Mean share of an atom's nearest neighbours in the base that it still has.",
    ),
    "procrustes": (
        "Procrustes similarity to the base",
        "",
        "How well one rotation and scaling lays all atoms' coordinates onto the base's; 1 is exact.",
    ),
    "energy": (
        "Change of energy",
        "eV/atom",
        "Mean absolute change over structures after a per-element shift of least squares.",
    ),
    "forces": (
        "Change of forces",
        "eV/Å",
        "Mean absolute change of a force component over symmetry-distinct atoms.",
    ),
    "forgetting": (
        "Forgotten elements (flagged, and drift beyond the limit)",
        "elements",
        "Elements outside the fine-tuning data that drifted by more than run-to-run noise, and by more than the limit "
        "of the mean drift.",
    ),
    "unanswered": (
        "Structures without an answer",
        "structures",
        "Structures for which the base gives finite features, energies and forces and some checkpoint does not; no "
        "mean sees them.",
    ),
}


@dataclass(frozen=True)
class Check:
    """One number against its limit.

    Attributes
    ----------
    name : str
        ``reembedded``, ``retention``, ``procrustes``, ``energy``, ``forces``, ``forgetting`` or ``unanswered``.
    label : str
        For people.
    value, low, high : float
        Of the last checkpoint, with its 95 % interval (NaN where none is defined).
    limit : float
    at_most : bool
        Whether `limit` is the largest value that passes, or the smallest.
    passed : bool
        Decided by `value`; the interval tells how close it was.
    unit, meaning, source : str
    """

    name: str
    label: str
    value: float
    low: float
    high: float
    limit: float
    at_most: bool
    passed: bool
    unit: str
    meaning: str
    source: str

    def shown(self) -> tuple[str, str]:
        """The value with its interval, and the limit, as people read them: energies and forces in thousandths."""
        factor, unit = (1000.0, f" m{self.unit}") if self.unit.startswith("eV") else (1.0, "")
        text = f"{self.value * factor:.4g}"
        if np.isfinite(self.low):
            text += f" [{self.low * factor:.4g}, {self.high * factor:.4g}]"
        return text + unit, f"{self.limit * factor:g}{unit}"


@dataclass(frozen=True)
class Verdict:
    """All checks of a series' last checkpoint; passed where each of them is."""

    passed: bool
    checks: tuple[Check, ...]


def judged(series: Series) -> bool:
    """Whether a verdict applies: to fine-tuned models, not to separate trainings or to students on the way."""
    return series.kind in JUDGED


def verdict(series: Series) -> Verdict:
    """Check a series' last checkpoint against the thresholds.

    Checks of outputs are left out where none were computed, that of forgetting where no sibling runs were given, that
    of answers where none is missing.

    Raises
    ------
    AtlasError
        For a series that no verdict applies to.
    """
    if not judged(series):
        raise AtlasError(
            f"series {series.name!r} is a {series.kind}, not a fine-tune of its base; a verdict would say nothing"
        )
    checks = (*_unanswered(series), *_measured(series), *_forgotten(series))
    return Verdict(all(c.passed for c in checks), checks)


def _unanswered(series: Series) -> Iterator[Check]:
    measured = series.record.get("measured")
    count = measured.get("structures_unanswered") if isinstance(measured, Mapping) else None
    if isinstance(count, int) and count > UNANSWERED:
        label, unit, meaning = _ABOUT["unanswered"]
        yield Check(
            "unanswered", label, float(count), np.nan, np.nan, UNANSWERED, True, False, unit, meaning,
            "a checkpoint answers wherever its base does",
        )  # fmt: skip


def _measured(series: Series) -> Iterator[Check]:
    for name, limit in LIMITS.items():
        of = series.overall[name]
        value, low, high = (float(part[-1]) for part in (of.value, of.low, of.high))
        if not np.isfinite(value):
            continue
        at_most = name not in ("retention", "procrustes")
        passed = value <= limit if at_most else value >= limit
        label, unit, meaning = _ABOUT[name]
        yield Check(name, label, value, low, high, limit, at_most, passed, unit, meaning, SOURCE)


def _forgotten(series: Series) -> Iterator[Check]:
    if series.forgetting is None:
        return
    beyond = series.forgetting.flagged & (series.forgetting.low > LIMITS["reembedded"])
    label, unit, meaning = _ABOUT["forgetting"]
    count = float(beyond.sum())
    yield Check(
        "forgetting", label, count, np.nan, np.nan, FORGOTTEN, True, count <= FORGOTTEN, unit, meaning,
        f"{SOURCE}; {series.forgetting.rule}",
    )  # fmt: skip
