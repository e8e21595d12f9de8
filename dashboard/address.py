"""The address of a view: every field that is not the default, in one fixed order; the script writes it alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any
from urllib.parse import quote, unquote

FEWEST_DIGITS, MOST_DIGITS = 4, 15


def exact_decimal(value: float) -> str:
    """Shortest decimal that reads back as `value`, never with an exponent."""
    return _plain(Decimal(repr(value)))


def short_decimal(value: float, digits: int = FEWEST_DIGITS) -> str:
    """`value` to `digits` significant digits (halves away from zero), never with an exponent."""
    return _plain(Context(prec=digits, rounding=ROUND_HALF_UP).create_decimal(Decimal(value)))


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if value.is_zero() else text


def digits_together(values: Sequence[float]) -> int:
    """Significant digits that keep values apart: four, and one more for each power of ten that exceeds their spread."""
    least, most, digits = min(values), max(values), FEWEST_DIGITS
    if not most > least:
        return digits
    scale = max(abs(least), abs(most)) / (most - least)
    while scale >= 10 and digits < MOST_DIGITS:
        scale /= 10
        digits += 1
    return digits


def _together(values: Sequence[float]) -> list[str]:
    digits = digits_together(values)
    return [short_decimal(v, digits) for v in values]


def escape_item(text: str) -> str:
    """One item of a list: the signs that join lists are escaped once here, and once more with the whole value."""
    return re.sub("[%,:;]", lambda sign: f"%{ord(sign[0]):02X}", text)


def read_items(text: str, joint: str = ",") -> list[str]:
    """The items of a list that was written with `escape_item`; empty ones left out."""
    return [unquote(item) for item in text.split(joint) if item]


def as_written(values: Sequence[float]) -> tuple[float, ...]:
    """Numbers that are written together, as their address gives them back."""
    found = tuple(values)
    # fewer digits may do for what has been rounded, so until nothing changes
    while (again := tuple(float(text) for text in _together(found))) != found:
        found = again
    return found


def _in_order(mapping: Mapping[str, Any]) -> list[str]:
    """Keys as a browser sorts texts."""
    return sorted(mapping, key=lambda key: key.encode("utf-16-be", "surrogatepass"))


def _list(items: Sequence[str]) -> str:
    return ",".join(escape_item(i) for i in items)


def _flag(value: bool) -> str:
    return "1" if value else "0"


def _interval(limits: Sequence[float] | None) -> str:
    return f"{exact_decimal(limits[0])}..{exact_decimal(limits[1])}" if limits else ""


def _colours(colours: Mapping[str, str]) -> str:
    return ",".join(f"{escape_item(label)}:{colours[label].removeprefix('#')}" for label in _in_order(colours))


def _brush(brush: Mapping[str, Sequence[float]]) -> str:
    return ",".join(f"{escape_item(name)}:{_interval(brush[name])}" for name in _in_order(brush))


def _lasso(lasso: Mapping[str, Any] | None) -> str:
    if lasso is None:
        return ""
    columns = [_together([point[axis] for point in lasso["points"]]) for axis in (0, 1)]
    points = ";".join(f"{x},{y}" for x, y in zip(*columns, strict=True))
    return f"{escape_item(lasso['model'])}:{points}"


def _zoom(zoom: Mapping[str, Sequence[float]]) -> str:
    def box(key: str) -> str:
        values = ",".join([*_together(zoom[key][:2]), *_together(zoom[key][2:])])
        return f"{escape_item(key)}:{values}" if key else values

    return ";".join(box(key) for key in _in_order(zoom))


PARAMETERS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "atlas": ("atlas", str),
    "page": ("page", str),
    "models": ("models", _list),
    "space": ("space", str),
    "method": ("map", str),
    "align": ("align", str),
    "k": ("k", exact_decimal),
    "colour": ("colour", str),
    "palette": ("scale", str),
    "limits": ("range", _interval),
    "log": ("log", _flag),
    "reverse": ("reverse", _flag),
    "colours": ("colours", _colours),
    "hide": ("hide", _list),
    "elements": ("elements", _list),
    "find": ("find", str),
    "brush": ("brush", _brush),
    "lasso": ("lasso", _lasso),
    "atom": ("atom", str),
    "near": ("near", str),
    "draw": ("draw", str),
    "size": ("size", exact_decimal),
    "zoom": ("zoom", _zoom),
    "panel": ("panel", str),
    "charts": ("charts", _list),
    "counts": ("counts", str),
    "once": ("once", _flag),
    "cells": ("cells", str),
    "run": ("run", str),
    "metric": ("metric", str),
    "order": ("order", str),
    "figure": ("figure", str),
    "pair": ("pair", _list),
    "axes": ("axes", _list),
    "over": ("over", str),
    "nearest": ("nearest", exact_decimal),
    "chance": ("chance", _flag),
    "ranked": ("ranked", str),
    "sort": ("sort", str),
    "series": ("series", str),
    "step": ("step", exact_decimal),
    "anchors": ("anchors", str),
    "measure": ("measure", str),
    "seeds": ("seeds", str),
    "movers": ("movers", str),
    "decades": ("decades", _flag),
    "grouped": ("grouped", _flag),
    "stretch": ("stretch", exact_decimal),
    "beside": ("beside", _flag),
    "theme": ("theme", str),
}
"""Field of a view -> (its name in the address, how its value is written)."""


def format_view(view: Mapping[str, Any], defaults: Mapping[str, Any], atom_name: Callable[[int], str]) -> str:
    """Write the query of a view, without ``?``; empty where nothing differs from the defaults.

    Parameters
    ----------
    view, defaults : mapping
        Fields of `dashboard.state.View`.
    atom_name : callable
        From an atom's index to its name.
    """
    parts = []
    for field, (name, write) in PARAMETERS.items():
        texts = []
        for value in (view[field], defaults[field]):
            if field == "atom":
                value = "" if value is None else atom_name(value)
            texts.append(write(value))
        if texts[0] != texts[1]:
            parts.append(f"{name}={quote(texts[0], safe=',:;', errors='replace')}")
    return "&".join(parts)
