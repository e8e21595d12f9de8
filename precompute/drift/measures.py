"""The measures of a series: names, units, what they mean, and where they are defined."""

from __future__ import annotations

from dataclasses import dataclass

_LW = "Li & Walsh, Nat. Mach. Intell. 8, 830 (2026), after Moschella et al., ICLR 2023"
_WILLIAMS = "Williams et al., Generalized shape metrics on neural representations, NeurIPS 2021"


@dataclass(frozen=True)
class Measure:
    """What a measure is.

    Attributes
    ----------
    id : str
        One of `precompute.drift.records.OVERALL`.
    label, short : str
        For headings, and for columns.
    unit : str
        In which it is shown; empty where it has none.
    factor : float
        From the stored unit to the shown one.
    unchanged : float
        Its value where nothing has changed.
    meaning, source : str
    """

    id: str
    label: str
    short: str
    unit: str
    factor: float
    unchanged: float
    meaning: str
    source: str

    def shown(self, value: float) -> str:
        """The value in the shown unit, three significant digits (shares: four decimals); nothing if not known."""
        if value != value:
            return ""
        if self.unchanged == 1.0:  # what matters is how much is missing
            return f"{value:.4f}"
        return f"{value * self.factor:.3g}"


MEASURES = {
    m.id: m
    for m in (
        Measure(
            "reembedded", "Drift, anchors re-embedded", "re-embedded", "", 1.0, 0.0,
            "1 - cosine between an atom's coordinates in the base and the checkpoint, which embeds the anchors anew. "
            "It asks whether the atom moved among its anchors; what the whole space does together, such as a rotation, "
            "cancels.",
            _LW,
        ),
        Measure(
            "frozen", "Drift, anchors frozen", "frozen", "", 1.0, 0.0,
            "The same with the anchors' embeddings kept from the base. It asks whether the atom's new embedding still "
            "points where the base's anchors say; a rotation of the whole space counts in full. Neither of the two "
            "bounds the other: they answer different questions.",
            _LW,
        ),
        Measure(
            "retention", "Neighbours kept", "kept", "", 1.0, 1.0,
            "Share of an atom's k nearest neighbours in the base that are still among its k nearest, by cosine of "
            "re-embedded coordinates among symmetry-distinct atoms other than its own.",
            "mutual k-nearest neighbours, Huh et al., ICML 2024",
        ),
        Measure(
            "procrustes", "Procrustes to base", "Procrustes", "", 1.0, 1.0,
            "How well one rotation and scaling lays all atoms' coordinates in the checkpoint onto those in the base; 1 "
            "where it fits exactly.",
            _WILLIAMS,
        ),
        Measure(
            "angular", "Procrustes to base, angular", "angular", "", 1.0, 1.0,
            "The same as an angle, which falls sooner where agreement is high; 1 where it fits exactly.",
            _WILLIAMS,
        ),
        Measure(
            "energy", "Energy change", "energy", "meV/atom", 1000.0, 0.0,
            "Mean absolute change of the predicted energy of the same structures, after a least-squares shift for each "
            "element: two functionals differ by an offset for each element that does no harm.",
            "shift by least squares over the measured structures",
        ),
        Measure(
            "forces", "Force change", "forces", "meV/Å", 1000.0, 0.0,
            "Mean absolute change of the components of the predicted force on the same atoms at the same places.",
            "checkpoint against base; no reference data",
        ),
    )
}  # fmt: skip
