"""The metrics of agreement: ids, labels, ranges, what they mean, and where they are defined."""

from __future__ import annotations

import math
from dataclasses import dataclass
from difflib import get_close_matches

from precompute.contracts import AtlasError


@dataclass(frozen=True)
class Metric:
    """What a metric is.

    Attributes
    ----------
    id : str
    label : str
        For axes and tables.
    low, high : float
        Its range; infinite where it has no bound.
    alike : str
        ``high`` or ``low``: at which end two models agree.
    symmetric : bool
        Whether from i to j equals from j to i.
    per : str
        ``pair`` of models, or ``model``.
    scope : str
        ``global`` (over all atoms), ``local`` (around each atom) or ``dimension``.
    meaning : str
        One plain sentence, and what its interval or null leaves out.
    source : str
    """

    id: str
    label: str
    low: float
    high: float
    alike: str
    symmetric: bool
    per: str
    scope: str
    meaning: str
    source: str


_PAIR = ("pair", "global")
_KORNBLITH = "Kornblith et al., Similarity of neural network representations revisited, ICML 2019"
_SONG = "Song et al., Feature selection via dependence maximization, J. Mach. Learn. Res. 13, 1393 (2012)"
_WILLIAMS = "Williams et al., Generalized shape metrics on neural representations, NeurIPS 2021"
_HUH = "Huh et al., The Platonic representation hypothesis, ICML 2024"
_LW = "Li & Walsh, Nat. Mach. Intell. 8, 830 (2026)"
_GOSCINSKI = "Goscinski et al., Mach. Learn.: Sci. Technol. 2, 025028 (2021)"
_CC = "Chorna et al., Comparing the latent features of universal MLIPs, arXiv:2512.05717"

_ALL = (
    Metric(
        "procrustes", "Procrustes similarity", 0.0, 1.0, "high", True, *_PAIR,
        "How well a rotation of one model's space lays its atoms onto the other's; 1 when it fits exactly.",
        f"nuclear-norm form; {_WILLIAMS}",
    ),
    Metric(
        "procrustes-angular", "Procrustes angular score", 0.0, 1.0, "high", True, *_PAIR,
        "The same fit as an angle between the two spaces, which spreads out values near 1: 1 at 0°, 0 at 90°.",
        _WILLIAMS,
    ),
    Metric(
        "cka", "Linear CKA", 0.0, 1.0, "high", True, *_PAIR,
        "Whether pairs of atoms similar to one model are similar to the other; few strong directions dominate.",
        _KORNBLITH,
    ),
    Metric(
        "cka-unbiased", "Linear CKA, unbiased", -1.0, 1.0, "high", True, *_PAIR,
        "CKA without the excess that few atoms in many dimensions give: unrelated spaces score 0.",
        f"{_KORNBLITH}; estimator of {_SONG}",
    ),
    Metric(
        "cka-rbf", "RBF CKA", 0.0, 1.0, "high", True, *_PAIR,
        "CKA with a Gaussian of the distance, which weighs near pairs of atoms more than far ones. The interval holds "
        "the width of the Gaussian fixed.",
        _KORNBLITH,
    ),
    Metric(
        "cknna", "CKNNA", -1.0, 1.0, "high", True, "pair", "local",
        "CKA over those pairs of atoms only that are among each other's nearest neighbours in both models.",
        _HUH,
    ),
    Metric(
        "mutual-knn", "Mutual k-NN", 0.0, 1.0, "high", True, "pair", "local",
        "The share of an atom's nearest neighbours that both models name, averaged over atoms.",
        f"{_HUH}; {_LW}",
    ),
    Metric(
        "cycle-knn", "Cycle k-NN", 0.0, 1.0, "high", False, "pair", "local",
        "How often an atom is found again when any of its nearest neighbours in one model is looked up and its nearest "
        "neighbours taken in the other. The interval holds these lists fixed.",
        _HUH,
    ),
    Metric(
        "distance-correlation", "Distance correlation", 0.0, 1.0, "high", True, *_PAIR,
        "Whether atoms far apart in one space are far apart in the other; 0 only when the two are independent.",
        "Székely, Rizzo & Bakirov, Ann. Stat. 35, 2769 (2007)",
    ),
    Metric(
        "transport", "Optimal transport", 0.0, 1.0, "low", True, *_PAIR,
        "The least work that turns one model's cloud of atoms into the other's, whichever atom goes where, as a share "
        "of the work of mixing everything: 0 when the clouds coincide. It has no interval, and no null: it does not "
        "know which atom is which.",
        f"exact earth mover's distance on samples, as {_LW}",
    ),
    Metric(
        "intrinsic-dimension", "Intrinsic dimension", 0.0, math.inf, "high", True, "model", "dimension",
        "How many independent directions the atoms really spread in, near each of them. The interval counts in "
        "that atoms next to each other have distances in common.",
        "two-NN; Facco et al., Sci. Rep. 7, 12140 (2017)",
    ),
    Metric(
        "collapse", "Collapsed atoms", 0.0, 1.0, "high", True, "model", "dimension",
        "The share of atoms that the model cannot tell from their nearest neighbour.",
        "Platonic Atlas; such atoms are left out of the two-NN estimate",
    ),
    Metric(
        "id-correlation", "Intrinsic-dimension correlation", -math.inf, math.inf, "high", True, "pair", "dimension",
        "How many directions two spaces share: they need fewer together than side by side when they say the same; 1, "
        "or by noise more, when all. The interval holds neighbours fixed; there is a null "
        "for up to 2,000 atoms.",
        "Basile et al., Intrinsic dimension correlation, ICLR 2025, arXiv:2406.15812",
    ),
    Metric(
        "information-imbalance", "Information imbalance", 0.0, 2.0, "low", False, "pair", "local",
        "How far down the other model's list an atom's nearest neighbour stands: 0 when it is also nearest, 1 when it "
        "could be anywhere.",
        "Glielmo et al., PNAS Nexus 1, pgac039 (2022)",
    ),
    Metric(
        "gfre", "Global reconstruction error", 0.0, math.inf, "low", False, *_PAIR,
        "What part of one model's features no linear map from the other's gives, on atoms that the map was not fitted "
        "on. The interval counts in how the map varies with the atoms that it is fitted on.",
        f"{_GOSCINSKI}; {_CC}",
    ),
    Metric(
        "lfre", "Local reconstruction error", 0.0, math.inf, "low", False, "pair", "local",
        "The same with a linear map of its own around each atom, so that smooth curving does not count. The interval "
        "counts in how the maps vary with the atoms that they are fitted on, and is rather too wide than too narrow.",
        f"{_GOSCINSKI}; {_CC}",
    ),
)  # fmt: skip

METRICS: dict[str, Metric] = {m.id: m for m in _ALL}


def metric_of(name: str) -> Metric:
    """The metric of that id.

    Raises
    ------
    AtlasError
        Where there is none; names the closest, or all.
    """
    if name not in METRICS:
        close = get_close_matches(name, METRICS, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(METRICS)}"
        raise AtlasError(f"no metric {name!r}; {hint}")
    return METRICS[name]
