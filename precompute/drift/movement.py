"""How far each atom moved between a base model and a checkpoint: 1 - cosine of its coordinates in the two."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError
from precompute.coordinates import coordinates
from precompute.neighbours import unit_rows


def drift(base: NDArray[np.floating], later: NDArray[np.floating]) -> NDArray[np.float64]:
    """Drift of each atom: 1 - cos(c_i, c'_i), with c_i and c'_i its coordinates by the base and by the checkpoint.

    Computed as |u_i - u'_i|^2 / 2 of the unit vectors along both, which is the same number without the cancellation:
    equal coordinates give exactly 0. Li & Walsh, Nat. Mach. Intell. 8, 830 (2026), follow fine-tuning by this.

    What it says depends on whose anchors `later` rests on; both are computed and shown, for they answer different
    questions and neither is the better one:

    - re-embedded (`reembedded`): has the atom moved *relative to the anchors*, which the checkpoint moves along? A
      rotation, reflection or scaling of the whole embedding space changes nothing, and neither does a motion that atom
      and anchors share. An atom next to which many anchors moved drifts without having moved itself.
    - frozen (`frozen`): has the atom moved *against vectors that stand still*, the base's own embeddings of the
      anchors? It sees motions that all atoms share, and it also sees rotations of the embedding space that no
      prediction notices, so it means something only while the checkpoint keeps the base's feature basis: along one
      fine-tuning run, not between models trained apart. Models whose features have different widths have none.

    Parameters
    ----------
    base, later : (N, K) float
        Coordinates of the same atoms, of the same K anchors.

    Returns
    -------
    (N,) float64
        In [0, 2], 0 for no change; NaN where either row is NaN.

    Raises
    ------
    AtlasError
        For arrays that are not of one shape (N, K).
    """
    if base.ndim != 2 or base.shape != later.shape:
        raise AtlasError(
            f"coordinates {base.shape} by the base and {later.shape} by the checkpoint are not of one shape (atoms, "
            "anchors); give both for the same atoms and anchors"
        )
    return 0.5 * ((unit_rows(base) - unit_rows(later)) ** 2).sum(axis=1)


def reembedded(embeddings: NDArray[np.floating], anchors: NDArray[np.floating]) -> NDArray[np.float32]:
    """Coordinates with anchors re-embedded by the checkpoint, c'_ij = cos(e'_i, a'_j).

    Invariant under rotation and scaling of the checkpoint's embedding space (Moschella et al., ICLR 2023).

    Parameters
    ----------
    embeddings : (N, d) float
        The checkpoint's, of the atoms; NaN rows stay NaN.
    anchors : (K, d) float
        The checkpoint's, of the anchors.

    Returns
    -------
    (N, K) float32

    Raises
    ------
    AtlasError
        As `precompute.coordinates.coordinates`: widths that differ, anchors not finite or zero.
    """
    return coordinates(embeddings, anchors)


def frozen(embeddings: NDArray[np.floating], base_anchors: NDArray[np.floating]) -> NDArray[np.float32]:
    """Coordinates with anchors frozen at the base, c'_ij = cos(e'_i, a_j).

    Invariant under scaling of the checkpoint's embedding space, not under its rotation: see `drift`.

    Parameters
    ----------
    embeddings : (N, d) float
        The checkpoint's, of the atoms.
    base_anchors : (K, D) float
        The base's, of the anchors.

    Returns
    -------
    (N, K) float32
        All NaN for D other than d: vectors of different spaces have no cosine.
    """
    if embeddings.shape[1] != base_anchors.shape[1]:
        return np.full((len(embeddings), len(base_anchors)), np.nan, np.float32)
    return coordinates(embeddings, base_anchors)
