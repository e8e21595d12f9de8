"""Which atoms a view picks out, by the rules that the page's script uses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dashboard.data import AtlasData
from dashboard.find import matches
from dashboard.overlap import compared
from dashboard.points import grid, has_map
from dashboard.polygon import inside
from dashboard.quantities import legend, listed, values
from dashboard.state import View


def mask(data: AtlasData, view: View) -> NDArray[np.bool_]:
    """The whole selection: legend, elements, text, ranges and lasso together.

    Returns
    -------
    (N,) bool
        In file order; all true where nothing is picked out.

    Raises
    ------
    FindError
        Where the text of the filter cannot be read.
    """
    return text_mask(data, view) & _legend_mask(data, view) & _element_mask(data, view) & _lasso_mask(data, view)


def text_mask(data: AtlasData, view: View) -> NDArray[np.bool_]:
    """The part of the selection that the text of the filter and the ranges of quantities make, (N,) bool.

    Raises
    ------
    FindError
    """
    result = matches(data, view.find) if view.find.strip() else np.ones(data.n_atoms, bool)
    for quantity, (low, high) in (view.brush or {}).items():
        found = values(data, quantity, model_of(data, quantity, view))
        result = result & (found >= low) & (found <= high)  # NaN is in no range
    return result


def model_of(data: AtlasData, quantity: str, view: View) -> str | None:
    """The model by whose values a quantity hides and limits atoms: the first one shown that has it.

    Where no model shown has it, the first of the atlas that does. For a quantity of a comparison, the name of what the
    view compares. None for all others.
    """
    if listed(data)[quantity].of == "comparison":
        return compared.of_view(data, view).name
    having = listed(data)[quantity].models
    return next((key for key in view.models if key in having), having[0] if having else None)


def comparison_name(data: AtlasData, view: View) -> str:
    """What the view compares, as `dashboard.quantities.legend` is told it."""
    return compared.of_view(data, view).name


def _legend_mask(data: AtlasData, view: View) -> NDArray[np.bool_]:
    if not view.hide:
        return np.ones(data.n_atoms, bool)
    shown = np.ones(256, bool)
    for code, entry in enumerate(legend(data, view.colour).get("entries", [])):
        shown[code] = entry["label"] not in view.hide
    return shown[values(data, view.colour, model_of(data, view.colour, view))]


def _element_mask(data: AtlasData, view: View) -> NDArray[np.bool_]:
    if not view.elements:
        return np.ones(data.n_atoms, bool)
    wanted = np.isin(np.array(["", *data.symbols]), view.elements)
    return wanted[data.of_atoms("atomic_number")]


def lasso_model(data: AtlasData, view: View) -> str | None:
    """The model on whose map the lasso picks atoms out; None without a lasso, or where the model lacks the map."""
    model = view.lasso["model"] if view.lasso else ""
    return model if has_map(data, model, data.map_name(view.space, view.method, view.k)) else None


def _lasso_mask(data: AtlasData, view: View) -> NDArray[np.bool_]:
    model = lasso_model(data, view)
    if model is None or view.lasso is None:
        return np.ones(data.n_atoms, bool)
    name = data.map_name(view.space, view.method, view.k)
    return inside(grid(data, model, name, view.align).xy, view.lasso["points"])
