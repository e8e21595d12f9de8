"""Pages of rows for the tables: those of a selection that pass the column filters, in the order asked for."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard import columns
from dashboard.columns import Column, Numbers, Texts
from dashboard.data import AtlasData
from dashboard.overlap.compared import Comparison
from dashboard.recent import Recent

MOST_ROWS = 500  # of one page
MOST_SORTED = 6
MOST_FILTERED = 24
MOST_CONDITIONS = 8
LONGEST_TEXT = 200
KEPT = 12  # orders, and lists of rows: 1.1 MB each for 283k atoms

Mask = NDArray[np.bool_]
TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, wanted: wanted in text,
    "notContains": lambda text, wanted: wanted not in text,
    "equals": lambda text, wanted: text == wanted,
    "notEqual": lambda text, wanted: text != wanted,
    "startsWith": lambda text, wanted: text.startswith(wanted),
    "endsWith": lambda text, wanted: text.endswith(wanted),
}
NUMBER_TESTS: dict[str, Callable[[NDArray, float], Mask]] = {
    "lessThan": lambda values, x: values < x,
    "lessThanOrEqual": lambda values, x: values <= x,
    "greaterThan": lambda values, x: values > x,
    "greaterThanOrEqual": lambda values, x: values >= x,
}


class RowsError(ValueError):
    """What was asked for is no page of a table; says why."""


@dataclass(frozen=True)
class Asked:
    """A page of a table.

    Attributes
    ----------
    of : str
        ``atoms`` or ``structures``.
    start, end : int
        Rows, from 0, `end` not among them.
    sort : tuple of (str, bool)
        Column ids, and whether descending; the first counts most. Ties stay in file order.
    filters : str
        Column filters as ag-grid writes them, JSON in a canonical form.
    atom : int or None
        The atom whose row is to be found.
    """

    of: str
    start: int
    end: int
    sort: tuple[tuple[str, bool], ...] = ()
    filters: str = "{}"
    atom: int | None = None


def asked(of: str, arguments: Mapping[str, str]) -> Asked:
    """Read ``start``, ``end``, ``sort``, ``filter`` and ``row`` of an address.

    Raises
    ------
    RowsError
        Where one of them cannot be read.
    """
    if of not in columns.TABLES:
        raise RowsError(f"there is no table of {of!r}; there are {' and '.join(columns.TABLES)}")
    start, end = _whole(arguments.get("start", "0"), "start"), _whole(arguments.get("end", "100"), "end")
    if not start <= end <= start + MOST_ROWS:
        raise RowsError(f"rows {start} to {end}: at most {MOST_ROWS} at once, in rising order")
    sort = _json(arguments.get("sort") or "[]", "sort", list)
    filters = _json(arguments.get("filter") or "{}", "filter", dict)
    if len(sort) > MOST_SORTED or len(filters) > MOST_FILTERED:
        raise RowsError(f"at most {MOST_SORTED} sorted and {MOST_FILTERED} filtered columns")
    order = []
    for item in sort:
        if (
            not isinstance(item, dict)
            or item.get("sort") not in ("asc", "desc")
            or not isinstance(item.get("colId"), str)
        ):
            raise RowsError('each item of sort is {"colId": a column, "sort": "asc" or "desc"}')
        order.append((item["colId"], item["sort"] == "desc"))
    atom = _whole(arguments["row"], "row") if arguments.get("row") else None
    return Asked(of, start, end, tuple(order), json.dumps(filters, sort_keys=True), atom)


def _whole(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise RowsError(f"{name} is a whole number from 0, not {text[:20]!r}")
    return int(text)


def _json(text: str, name: str, kind: type) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RowsError(f"{name} is no JSON: {str(error)[:80]}") from error
    if not isinstance(value, kind):
        raise RowsError(f"{name} is a JSON {'list' if kind is list else 'object'}")
    return value


class Tables:
    """The tables of one atlas, with orders and lists of rows kept while they are recent."""

    def __init__(self, data: AtlasData) -> None:
        self.data = data
        self._orders: Recent[NDArray[np.int32]] = Recent(KEPT)
        self._lists: Recent[NDArray[np.int32]] = Recent(KEPT)
        self._masks: Recent[Mask] = Recent(KEPT)
        self._counted: Recent[tuple[int, NDArray[np.int32], NDArray[np.int32]]] = Recent(KEPT)

    def page(
        self, wanted: Asked, selection: str, select: Callable[[], Mask], models: Sequence[str],
        compares: Comparison | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """One page.

        Parameters
        ----------
        wanted : Asked
        selection : str
            Names the selection: the same text, the same atoms.
        select : callable
            Gives the selected atoms, (N,) bool in file order; called where the selection is new.
        models : sequence of str
            Models whose columns there are.
        compares : Comparison, optional
            The overlap that has a column.

        Returns
        -------
        dict
            ``rows``; ``total`` rows of the table; ``unfiltered`` rows before the column filters; ``atoms`` and
            ``structures`` selected, ``of`` atoms; ``place`` of the row of `wanted.atom`, None where it has none.

        Raises
        ------
        RowsError
            Where a column or an operator does not exist.
        """
        known = columns.listed(self.data, wanted.of, models, compares)
        mask = self._masks.get(selection, select)
        n_atoms, first, n_selected = self._counted.get(selection, lambda: self._count(mask))
        present = np.flatnonzero(n_selected)
        unfiltered = n_atoms if wanted.of == "atoms" else len(present)
        key = (wanted.of, selection, wanted.sort, wanted.filters)
        chosen = mask if wanted.of == "atoms" else n_selected > 0
        rows = self._lists.get(key, lambda: self._list(wanted, known, chosen))
        page = rows[wanted.start : wanted.end]
        return {
            "rows": self._records(wanted.of, page, known.values(), first, n_selected),
            "total": len(rows), "unfiltered": unfiltered, "atoms": n_atoms, "structures": len(present),
            "of": self.data.n_atoms, "place": self._place(wanted, rows),
        }  # fmt: skip

    def _count(self, mask: Mask) -> tuple[int, NDArray[np.int32], NDArray[np.int32]]:
        """Selected atoms; for every structure its first selected atom (-1: none) and how many it has."""
        selected = np.flatnonzero(mask)
        structure = self.data.of_atoms("structure")[selected]
        counts = np.bincount(structure, minlength=self.data.n_structures).astype(np.int32)
        first = np.full(self.data.n_structures, -1, np.int32)
        first[structure[::-1]] = selected[::-1]
        return len(selected), first, counts

    def _list(self, wanted: Asked, known: Mapping[str, Column], shown: Mask) -> NDArray[np.int32]:
        passing = self._passing(wanted, known)
        if passing is not None:
            shown = shown & passing
        if not wanted.sort:
            return np.flatnonzero(shown).astype(np.int32)
        order = self._orders.get((wanted.of, wanted.sort), lambda: self._order(wanted, known))
        return order[shown[order]]

    def _order(self, wanted: Asked, known: Mapping[str, Column]) -> NDArray[np.int32]:
        keys = []
        for name, descending in wanted.sort:
            column = _column(known, name)
            ranks = columns.contents(self.data, column).ranks(descending)
            keys.append(self._spread(wanted.of, column, ranks))
        if len(keys) == 1:
            return np.argsort(keys[0], kind="stable").astype(np.int32)
        return np.lexsort(keys[::-1]).astype(np.int32)

    def _spread(self, of: str, column: Column, values: NDArray) -> NDArray:
        """Values of structures over atoms, where the table is of atoms."""
        return values[self.data.of_atoms("structure")] if of == "atoms" and column.of == "structure" else values

    def _passing(self, wanted: Asked, known: Mapping[str, Column]) -> Mask | None:
        result: Mask | None = None
        for name, model in json.loads(wanted.filters).items():
            column = _column(known, name)
            mask = self._spread(wanted.of, column, _test(columns.contents(self.data, column), model, name))
            result = mask if result is None else result & mask
        return result

    def _records(
        self, of: str, page: NDArray[np.int32], known: Any, first: NDArray[np.int32], n_selected: NDArray[np.int32]
    ) -> list[dict[str, Any]]:
        structure = self.data.of_atoms("structure")[page] if of == "atoms" else page
        atom = page if of == "atoms" else first[page]
        cells: dict[str, list[Any]] = {"row": atom.tolist(), "crystal": structure.tolist()}
        if of == "structures":
            cells["selected"] = n_selected[page].tolist()
        for column in known:
            held = columns.contents(self.data, column)
            index = structure if column.of == "structure" else page
            if isinstance(held, Texts):
                cells[column.id] = [held.texts[code] for code in held.codes[index].tolist()]
            else:
                cells[column.id] = [_short(v) for v in held.values[index].tolist()]
        return [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]

    def _place(self, wanted: Asked, rows: NDArray[np.int32]) -> int | None:
        if wanted.atom is None or wanted.atom >= self.data.n_atoms:
            return None
        one = wanted.atom if wanted.of == "atoms" else int(self.data.of_atoms("structure")[wanted.atom])
        found = np.flatnonzero(rows == one)
        return int(found[0]) if len(found) else None


def _short(value: float) -> float | None:
    """Seven digits are more than a cell shows and all that float32 holds."""
    return float(f"{value:.7g}") if math.isfinite(value) else None


def _column(known: Mapping[str, Column], name: str) -> Column:
    if name not in known:
        raise RowsError(f"there is no column {name[:60]!r}")
    return known[name]


def _test(held: Texts | Numbers, model: Any, name: str, depth: int = 0) -> Mask:
    """Which structures or atoms of a column pass one filter of ag-grid."""
    if not isinstance(model, dict):
        raise RowsError(f"the filter of {name[:60]!r} is no object")
    if "conditions" in model:
        conditions, operator = model["conditions"], model.get("operator")
        if depth or not isinstance(conditions, list) or not 1 <= len(conditions) <= MOST_CONDITIONS:
            raise RowsError(f"the filter of {name[:60]!r} has no list of 1 to {MOST_CONDITIONS} conditions")
        if operator not in ("AND", "OR"):
            raise RowsError(f"conditions are joined by AND or OR, not {str(operator)[:20]!r}")
        parts = [_test(held, part, name, depth + 1) for part in conditions]
        return (np.logical_and if operator == "AND" else np.logical_or).reduce(parts)
    return _test_texts(held, model) if isinstance(held, Texts) else _test_numbers(held, model)


def _test_texts(held: Texts, model: Mapping[str, Any]) -> Mask:
    kind = str(model.get("type"))
    if kind in ("blank", "notBlank"):
        passing = [(not text) == (kind == "blank") for text in held.texts]
        return np.array(passing, bool)[held.codes]
    if kind not in TEXT_TESTS:
        raise RowsError(f"texts are not filtered by {kind[:20]!r}; by {', '.join(TEXT_TESTS)}")
    wanted = model.get("filter")
    if not isinstance(wanted, str) or len(wanted) > LONGEST_TEXT:
        raise RowsError(f"texts are compared with a text of at most {LONGEST_TEXT} signs")
    test, wanted = TEXT_TESTS[kind], wanted.casefold()
    return np.array([test(text.casefold(), wanted) for text in held.texts], bool)[held.codes]


def _test_numbers(held: Numbers, model: Mapping[str, Any]) -> Mask:
    kind, values = str(model.get("type")), held.values
    if kind in ("blank", "notBlank"):
        return np.isnan(values) == (kind == "blank")
    if kind in NUMBER_TESTS:
        return NUMBER_TESTS[kind](values, _number(model.get("filter")))
    if kind == "inRange":
        return (values >= _number(model.get("filter"))) & (values <= _number(model.get("filterTo")))
    if kind in ("equals", "notEqual"):
        x = _number(model.get("filter"))
        # equal as far as the table shows it
        width = 0.5 * 10.0**-held.decimals if held.decimals is not None else 5e-4 * abs(x)
        near = np.abs(values - x) <= width
        return near if kind == "equals" else ~near & ~np.isnan(values)
    raise RowsError(
        f"numbers are not filtered by {kind[:20]!r}; by equals, notEqual, inRange, {', '.join(NUMBER_TESTS)}"
    )


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
        raise RowsError(f"numbers are compared with a number, not {str(value)[:20]!r}")
    return float(value)
