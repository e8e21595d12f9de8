"""What a map keeps and what it does not, in one plain sentence each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.labels import count, percent


def axis_names(space: str, method: str, quality: Mapping[str, Any]) -> tuple[str, str]:
    """``PC 1 (41 % of variance)``; ``Axis 1`` of components turned onto another map; ``UMAP 1``, which has no share."""
    if space == "shared" and method == "umap":
        return "UMAP 1", "UMAP 2"
    shares = list(quality.get("explained_variance") or [])[:2]
    kind = "Axis" if quality.get("aligned_to") else "PC"
    names = [
        f"{kind} {i + 1}" + (f" ({percent(s)} of variance)" if s is not None else "") for i, s in enumerate(shares)
    ]
    names += [f"{kind} {i + 1}" for i in range(len(names), 2)]
    return names[0], names[1]


def kept(space: str, method: str, quality: Mapping[str, Any]) -> tuple[str, str]:
    """What two axes keep of one model, short for the panel's title and in words; empty where it is not recorded."""
    if space == "shared" and method == "umap":
        trust = quality.get("trustworthiness")
        return ("", "") if trust is None else (f"trust {trust:.2f}", f"Trustworthiness {trust:.3f} for this model.")
    shares = quality.get("explained_variance_of_model" if space == "shared" else "explained_variance")
    if not shares:
        return "", ""
    share = percent(sum(shares[:2]))
    return f"{share} kept", f"Two axes keep {share} of this model's variance."


def _models(keys: Sequence[str]) -> str:
    return keys[0] if len(keys) == 1 else f"{len(keys)} models"


def statement(space: str, method: str, k: int, qualities: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> str:
    """Say what the shown maps are and how much they keep.

    Parameters
    ----------
    space, method : str
    k : int
        Number of anchors.
    qualities : mapping of model key to the map's stored quality
    names : sequence of str
        Keys of the models shown, in order.
    """
    known = [qualities[n] for n in names if qualities.get(n)]
    if not known:
        return "No map is shown."
    first = known[0]
    if space == "raw":
        kept = [sum(q["explained_variance"][:2]) for q in known if q.get("explained_variance")]
        span = f" Two axes keep {_span(kept)} of each model's variance." if kept else ""
        return (
            "PCA of each model's own embedding: private axes, which cannot be compared between panels."
            f"{span} Neighbours and scores are never taken from a map."
        )
    fitted = list(first.get("fitted_on") or [])
    on = f", fitted on {_models(fitted)}" if fitted else ""
    atoms = first.get("fitted_atoms") or first.get("n_atoms")
    over = f" over {count(int(atoms), 'atom')}" if atoms else ""
    if method == "umap":
        trust = [float(q["trustworthiness"]) for q in known if q.get("trustworthiness") is not None]
        sample = first.get("trustworthiness_atoms")
        checked = f" (on {int(sample):,} atoms a model)" if sample else ""
        kept_text = f" Trustworthiness {_decimal(trust)}{checked}." if trust else ""
        return f"UMAP of cosines to K = {k} anchors{on}{over}.{kept_text} Distances between clusters mean little."
    shares = list(first.get("explained_variance") or [])[:2]
    kept_text = f": two axes keep {percent(sum(shares))} of the pooled variance" if shares else ""
    own = [sum(q["explained_variance_of_model"][:2]) for q in known if q.get("explained_variance_of_model")]
    kept_text += f", {_span(own)} of each shown model's" if kept_text and own else ""
    return f"PCA of cosines to K = {k} anchors{on}{over}{kept_text}."


def _span(shares: Sequence[float]) -> str:
    low, high = percent(min(shares)), percent(max(shares))
    return low if low == high else f"{low[:-2]}–{high}"  # one percent sign


def _decimal(values: Sequence[float]) -> str:
    low, high = f"{min(values):.2f}", f"{max(values):.2f}"
    return low if low == high else f"{low}–{high}"
