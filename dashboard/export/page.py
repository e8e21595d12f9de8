"""The view as one HTML file that opens without a server, stays interactive, and asks no host for anything.

It holds only what the view shows: the maps of its models, its colouring, and what hovering says of an atom. Atoms are
numbered in the order in which they are drawn.
"""

from __future__ import annotations

import base64
import re
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.bootstrap import of_atlas
from dashboard.export.content import Content, ExportError
from dashboard.export.methods import caption
from dashboard.index import safe_json
from dashboard.labels import clean, count
from dashboard.points import grid, has_map
from dashboard.quantities import legend, listed, stored_values
from dashboard.routes import column_body, names_of
from dashboard.scripts import assets_folder, bundle
from dashboard.selection import comparison_name, model_of, text_mask
from dashboard.state import as_json

MOST_BYTES = 60_000_000
COLUMNS = {"element": "Uint8Array", "structure": "Uint32Array", "counter": "Uint16Array", "site": "Uint16Array"}
STYLES = ("style.css", "css/header.css", "css/maps.css", "css/left.css", "css/right.css")
# nothing may be asked from anywhere; Plotly makes functions from text
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)


def check(content: Content) -> None:
    """Refuse a view without maps and a page that would be larger than `MOST_BYTES`.

    Raises
    ------
    ExportError
    """
    content.require_models()
    data, held = content.data, _held(content)
    of_atom = 1 + 4 + 2 + 2 + 1 + 4 * len(held) + 2 * len(set(_values_of(content).values()))
    size = data.n_atoms * of_atom * 4 // 3 + 100 * data.n_structures
    if size > MOST_BYTES:
        raise ExportError(
            f"The page would hold {size / 1e6:,.0f} MB of data ({count(len(held), 'map')} of "
            f"{count(data.n_atoms, 'atom')}); at most {MOST_BYTES / 1e6:,.0f} MB are written. Show fewer models."
        )


def write(content: Content) -> bytes:
    """Write the page.

    Raises
    ------
    ExportError
        As `check`.
    """
    check(content)
    data, held = content.data, _held(content)
    scripts = "\n".join(
        f'<script type="text/plain" class="array" data-name="{escape(name)}" data-kind="{kind}">'
        f"{base64.b64encode(body).decode()}</script>"
        for name, (body, kind) in _arrays(content, held).items()
    )
    folder = assets_folder()
    title = escape(clean(data.title, 90))
    facts = f"{count(data.n_atoms, 'atom')} in {count(data.n_structures, 'structure')}"
    parts = {
        "policy": POLICY,
        "title": title,
        "facts": facts,
        "caption": escape(caption(content)),
        "styles": "\n".join((folder / name).read_text(encoding="utf-8") for name in STYLES),
        "info": safe_json(_info(content, held)),
        "arrays": scripts,
        "plotly": _within_script(_plotly()),
        "script": _within_script(bundle(folder / "standalone" / "main.js")),
    }
    frame = (folder / "standalone" / "page.html").read_text(encoding="utf-8")
    # in one pass, so that nothing that is put in is taken for a place to fill
    return re.sub(r"<!--(\w+)-->", lambda place: parts[place[1]], frame).encode()


def _held(content: Content) -> list[str]:
    """The models whose points are needed: those shown, and the one that a lasso was drawn on."""
    lasso = content.view.lasso
    extra = [lasso["model"]] if lasso and has_map(content.data, lasso["model"], content.map) else []
    return list(dict.fromkeys([*content.models, *extra]))


def _info(content: Content, held: list[str]) -> dict[str, Any]:
    data, view = content.data, content.view
    known = of_atlas(data)
    rank = np.empty(data.n_atoms, np.int64)
    rank[data.order] = np.arange(data.n_atoms)
    quantity = next(q for q in known["quantities"] if q["id"] == view.colour)
    grids = {key: grid(data, key, content.map, view.align) for key in held}
    own = {
        "points": {key: {"range": list(found.ends), "drawn": found.drawn} for key, found in grids.items()},
        "names": names_of(data),
        "spacegroups": [clean(s, 30) for s in data.of_structures("spacegroup_symbol").tolist()],
        "systems": [clean(s, 30) for s in data.of_structures("crystal_system").tolist()],
        "shown": content.models,
        "values_of": _values_of(content),
    }
    return {
        **{k: known[k] for k in ("title", "n_atoms", "n_structures", "n_anchors", "category_colours", "themes")},
        "models": [m for m in known["models"] if m["key"] in held],
        "maps": {key: {content.map: known["maps"][key][content.map]} for key in held},
        "elements": [{k: e[k] for k in ("symbol", "name", "category")} for e in known["elements"]],
        "scales": {view.palette: known["scales"][view.palette]},
        "quantities": [quantity],
        "legend": legend(data, view.colour, comparison_name(data, view)),
        "state": {
            **as_json(view), "models": content.models, "atom": None if view.atom is None else int(rank[view.atom])
        },
        "own": own,
    }  # fmt: skip


def _values_of(content: Content) -> dict[str, str]:
    """For each model, which array colours its points: one for all, unless the quantity is one of models.

    Models that lack the quantity share an array without values; the model that decides what is hidden is always there.
    """
    q = listed(content.data)[content.view.colour]
    if q.of != "model":
        return dict.fromkeys(content.models, "values")
    deciding = model_of(content.data, q.id, content.view)
    keys = dict.fromkeys([*content.models, *([deciding] if deciding else [])])
    return {key: f"values {key}" if key in q.models else "no values" for key in keys}


def _arrays(content: Content, held: list[str]) -> dict[str, tuple[bytes, str]]:
    """Arrays in display order by name, each with the type that the script reads it as."""
    data, view = content.data, content.view
    packed = {name: (column_body(data, name), kind) for name, kind in COLUMNS.items()}
    coordination = np.minimum(data.of_atoms("coordination"), 255).astype(np.uint8)
    packed["coordination"] = (coordination[data.order].tobytes(), "Uint8Array")
    for key in held:
        packed[f"points {key}"] = _packed(grid(data, key, content.map, view.align).places[data.order])
    q = listed(data)[view.colour]
    for key, name in _values_of(content).items():
        if name not in packed:
            of = comparison_name(data, view) if q.of == "comparison" else key
            packed[name] = _packed(stored_values(data, view.colour, of)[data.order])
    if view.find.strip() or view.brush:
        bits = np.packbits(text_mask(data, view)[data.order], bitorder="little")
        packed["mask"] = (bits.tobytes(), "Uint8Array")
    return packed


def _packed(values: NDArray[np.unsignedinteger]) -> tuple[bytes, str]:
    kind = {1: "Uint8Array", 2: "Uint16Array"}[values.dtype.itemsize]
    return np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes(), kind


def _plotly() -> str:
    return (assets_folder() / "vendor" / "plotly-basic.min.js").read_text(encoding="utf-8")


def _within_script(text: str) -> str:
    """A script that can stand inside of HTML: in texts of a script the added backslashes mean nothing."""
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")
