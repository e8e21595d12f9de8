"""What a view shows, and its form in a URL: defaults left out, damaged values replaced and reported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, quote

from dashboard.data import AtlasData
from dashboard.labels import clean
from dashboard.palette import CATEGORY_NAMES, THEMES

SPACES = ("shared", "raw")
METHODS = ("pca", "umap")


@dataclass(frozen=True)
class ViewState:
    """One view of the map page.

    Attributes
    ----------
    models : tuple of str
        Keys of the models shown.
    space : str
        ``shared`` (coordinates) or ``raw`` (each model's own embedding).
    method : str
        ``pca`` or ``umap``; UMAP exists in the shared space only.
    k : int
        Number of anchors.
    atom : int or None
        The chosen atom.
    hidden : tuple of str
        Categories that are muted.
    elements : tuple of str
        Symbols picked out; none means all.
    theme : str
        ``light`` or ``dark``.
    """

    models: tuple[str, ...]
    space: str
    method: str
    k: int
    atom: int | None = None
    hidden: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    theme: str = "light"


def default_state(data: AtlasData) -> ViewState:
    method = "pca" if "pca" in data.methods else data.methods[0] if data.methods else "pca"
    return ViewState(tuple(data.first_shown), "shared" if data.methods else "raw", method, data.n_anchors)


def parse(search: str | None, data: AtlasData) -> tuple[ViewState, list[str]]:
    """Read a URL's query; for each value that does not fit this atlas keep the default and say so."""
    default = default_state(data)
    asked = {k: v[-1] for k, v in parse_qs((search or "").lstrip("?"), keep_blank_values=True).items()}
    notices: list[str] = []
    state = default

    def refuse(name: str, value: str, instead: str) -> None:
        notices.append(f"The address asks for {name} “{clean(value, 60)}”, which this atlas does not have; {instead}.")

    if "models" in asked:
        wanted = [m for m in asked["models"].split(",") if m]
        for m in [m for m in wanted if m not in data.model_keys][:3]:
            refuse("model", m, "it is left out")
        found = tuple(k for k in data.model_keys if k in wanted)
        state = replace(state, models=found if found or not wanted else default.models)
    choices: dict[str, tuple[str, Sequence[str]]] = {
        "space": ("space", SPACES), "map": ("method", data.methods), "theme": ("theme", tuple(THEMES)),
    }  # fmt: skip
    for name, (part, options) in choices.items():
        if name in asked and asked[name] in options:
            chosen: Any = {part: asked[name]}
            state = replace(state, **chosen)
        elif name in asked:
            refuse(name, asked[name], f"{getattr(default, part)} is shown")
    if "k" in asked:
        if asked["k"] in [str(k) for k in data.anchor_counts]:
            state = replace(state, k=int(asked["k"]))
        else:
            refuse("a number of anchors", asked["k"], f"{default.k} are used")
    if "atom" in asked:
        atom = data.find_atom(asked["atom"])
        if atom is None:
            refuse("atom", asked["atom"], "none is chosen")
        state = replace(state, atom=atom)
    if "hide" in asked:
        state = replace(state, hidden=_known("element group", asked["hide"], CATEGORY_NAMES, refuse))
    if "elements" in asked:
        state = replace(state, elements=_known("element", asked["elements"], data.symbols, refuse))
    return state, notices


def _known(name: str, text: str, options: Sequence[str], refuse: Callable[[str, str, str], None]) -> tuple[str, ...]:
    wanted = [w for w in text.split(",") if w]
    for w in [w for w in wanted if w not in options][:3]:
        refuse(name, w, "it is ignored")
    return tuple(o for o in options if o in wanted)


def query(state: ViewState, data: AtlasData) -> str:
    """The URL query of a view, with a leading ``?``, or an empty text for the default view."""
    default = default_state(data)
    parts = {
        "models": None if set(state.models) == set(default.models) else ",".join(state.models),
        "space": None if state.space == default.space else state.space,
        "map": None if state.method == default.method else state.method,
        "k": None if state.k == default.k else str(state.k),
        "atom": None if state.atom is None else data.atom_name(state.atom),
        "hide": ",".join(state.hidden) or None,
        "elements": ",".join(state.elements) or None,
        "theme": None if state.theme == default.theme else state.theme,
    }
    text = "&".join(f"{k}={quote(v, safe=',:')}" for k, v in parts.items() if v is not None)
    return f"?{text}" if text else ""
