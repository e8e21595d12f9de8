"""What the page's script has to know before it draws: one record, inlined into the page."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from dashboard import quality
from dashboard.atlases import Atlases
from dashboard.data import AtlasData
from dashboard.labels import clean
from dashboard.palette import CATEGORIES, SCALES, THEMES
from dashboard.quantities import legend, listed
from dashboard.selection import comparison_name
from dashboard.state import as_json, default_view, parse


def bootstrap(atlases: Atlases, search: str | None, root: str) -> dict[str, Any]:
    """Gather it for one visit.

    Parameters
    ----------
    atlases : Atlases
    search : str or None
        Query of the page's address; it may name the atlas.
    root : str
        Path under which the server's addresses lie, ``/`` where it has the host for itself.

    Returns
    -------
    dict
        Ready for JSON: without NaN, without numpy types.
    """
    data = atlases.of(search)
    view, notices = parse(search, data)
    return data.keep(("bootstrap",), lambda: of_atlas(data)) | {
        "root": root,
        "atlas": data.name,
        "atlases": [summary(atlases.get(n)) for n in atlases.names],
        "state": as_json(view),
        "notices": notices,
        "legend": legend(data, view.colour, comparison_name(data, view)),
    }


def summary(data: AtlasData) -> dict[str, Any]:
    return {
        "name": data.name, "title": clean(data.title, 90), "n_atoms": data.n_atoms, "n_structures": data.n_structures
    }  # fmt: skip


def of_atlas(data: AtlasData) -> dict[str, Any]:
    """What does not depend on the view."""
    cards = data.cards.values()
    return {
        "title": clean(data.title, 90),
        "n_atoms": data.n_atoms,
        "n_structures": data.n_structures,
        "models": [
            {
                "key": c.key, "family": c.family, "status": c.status, "trained": c.trained, "subtitle": c.subtitle,
                "parent": c.parent, "maps": sorted(m for m in c.maps if "-2d" in m),
            }
            for c in cards
        ],
        "maps": {c.key: {m: _map(data, c.key, m) for m in sorted(c.maps) if "-2d" in m} for c in cards},
        "methods": data.methods,
        "anchor_counts": data.anchor_counts,
        "n_anchors": data.n_anchors,
        "has_raw": data.has_raw,
        "quantities": [
            {"id": q.id, "label": q.label, "unit": q.unit, "kind": q.kind, "of": q.of, "models": list(q.models)}
            for q in listed(data).values()
        ],
        "scales": SCALES,
        "elements": _elements(data),
        "category_colours": CATEGORIES,
        "themes": {theme: asdict(look) for theme, look in THEMES.items()},
        "defaults": as_json(default_view(data)),
    }  # fmt: skip


def _map(data: AtlasData, key: str, name: str) -> dict[str, Any]:
    """What one map keeps of a model, and what its axes are."""
    space = "raw" if name.startswith("raw-") else "shared"
    method = "umap" if name.startswith("umap") else "pca"
    found = data.quality(key, name)
    kept, meaning = quality.kept(space, method, found)
    return {"kept": kept, "kept_meaning": meaning, "axes": list(quality.axis_names(space, method, found))}


def _elements(data: AtlasData) -> list[dict[str, Any]]:
    texts = {c: [str(v) for v in data.elements[c]] for c in ("symbol", "name", "category", "block")}
    numbers = {c: [int(v) for v in data.elements[c]] for c in ("group", "period")}
    columns = texts | numbers | {"n": np.asarray(data.atoms_of_element).tolist()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
