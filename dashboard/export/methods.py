"""How to describe a view in a paper: a paragraph with citations, a caption, and the publications it rests on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from dashboard.data import AtlasData
from dashboard.export.content import Content
from dashboard.export.references import Reference, for_latex, known, of_citation
from dashboard.labels import clean, count, number, percent
from dashboard.overlap import compared
from dashboard.points import grid
from dashboard.quantities import listed
from dashboard.selection import lasso_model, model_of

LONGEST_CAPTION = 20_000
SOFTWARE_NAMED = ("umap-learn", "scikit-learn", "spglib", "torch", "numpy")
MEASURES = {
    "cosine": "the cosine similarity of its embedding to that of the anchor, c_ij = cos(e_i, a_j)",
    "euclidean": "c_ij = 1 / (1 + |e_i − a_j| / s) of the embeddings e_i of the atom and a_j of the anchor, where s is "
    "the root mean square distance between anchors",
    "rbf": "c_ij = exp(−|e_i − a_j|² / 2s²) of the embeddings e_i of the atom and a_j of the anchor, where s is "
    "the root mean square distance between anchors",
}
ANCHOR_METHODS = {
    "direct": "by DIRECT sampling",
    "farthest-point": "by farthest-point sampling",
    "per-element": "by farthest-point sampling within each element",
    "random": "at random",
}
NOT_TRAINED = {"student": "a student, trained here from random weights"}
Piece = str | tuple[Reference, ...]


def software(data: AtlasData) -> dict[str, str]:
    """Versions that an atlas was made with, and of this program."""
    found = data.atlas.attrs.get("software")
    made = {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}
    return {**made, "platonic-atlas (export)": version("platonic-atlas")}


def paragraph(content: Content) -> str:
    """The methods paragraph as plain text, with authors and years in brackets."""
    return "".join(
        piece if isinstance(piece, str) else f" ({'; '.join(r.text for r in piece)})" for piece in _pieces(content)
    )


def latex(content: Content) -> str:
    """The methods paragraph for LaTeX, with ``\\cite`` of the keys that `bibtex` gives."""
    return "".join(
        for_latex(piece) if isinstance(piece, str) else f"~\\cite{{{','.join(r.key for r in piece)}}}"
        for piece in _pieces(content)
    )


def citations(content: Content) -> list[Reference]:
    """What the paragraph cites, each once, in its order."""
    return list({r.key: r for piece in _pieces(content) if not isinstance(piece, str) for r in piece}.values())


def bibtex(content: Content) -> str:
    """The BibTeX entries of what the paragraph cites."""
    return "\n\n".join(r.bibtex for r in citations(content)) + "\n"


def as_text(content: Content) -> bytes:
    """Paragraph and list of references, to be saved as a text."""
    sources = "\n".join(f"- {r.plain}" for r in citations(content))
    return f"{paragraph(content)}\n\nReferences\n\n{sources}\n".encode()


def as_latex(content: Content) -> bytes:
    return f"{latex(content)}\n".encode()


def as_bibtex(content: Content) -> bytes:
    return bibtex(content).encode()


def check(content: Content) -> None:
    """Refuse a view of which there is nothing to say."""
    content.require_models()


def caption(content: Content) -> str:
    """What a figure of the view shows, in a few sentences."""
    view, data = content.view, content.data
    shown = "; ".join(f"{key} ({_layer(data, key)})" for key in content.models)
    drawn = [grid(data, key, content.map, view.align).drawn for key in content.models]
    span = _span([f"{n:,}" for n in (min(drawn), max(drawn))]) if drawn else "0"
    sentences = [f"{_map_name(content)} of {clean(data.title, 120)}: {shown}."]
    if view.align:
        sentences.append(f"Maps are turned onto that of {view.align} (rotation, reflection, scale and shift).")
    sentences.append(f"Coloured by {_coloured(content)}; {span} of {count(data.n_atoms, 'atom')} drawn in each map.")
    coloured = listed(data)[view.colour]
    lacking = [key for key in content.models if coloured.of == "model" and key not in coloured.models]
    if lacking:
        sentences.append(f"Of {', '.join(lacking)} there are no values to colour by, so all points are grey.")
    picked = selection_words(content)
    if picked:
        n = len(content.atoms)
        sentences.append(f"{count(n, 'atom')} {'is' if n == 1 else 'are'} selected ({picked}), the others are grey.")
    if view.zoom:
        sentences.append("A part of the map is shown.")
    if view.atom is not None:
        sentences.append(f"The ring marks {_atom(data, view.atom)}.")
    sentences.append(f"Platonic Atlas {version('platonic-atlas')}.")
    return clean(" ".join(sentences), LONGEST_CAPTION)


def _pieces(content: Content) -> list[Piece]:
    return [
        *_structures(content), *_models(content), *_coordinates(content), *_map(content), *_shown(content),
        *_versions(content),
    ]  # fmt: skip


def _cite(*keys: str) -> tuple[Reference, ...]:
    return tuple(known()[k] for k in keys)


def _structures(content: Content) -> list[Piece]:
    data = content.data
    representatives = int(np.sum(data.of_atoms("is_representative")))
    sources = [str(s) for s in data.of_structures("source")[content.structures]]
    cited = list({r.key: r for s in dict.fromkeys(sources) for r in _known_only(s)}.values())
    name = "the bundled catalogue of crystals" if data.sources == [] else f"the data set “{clean(data.title, 120)}”"
    things = count(data.n_structures, "crystal or molecule", "crystals and molecules")
    pieces: list[Piece] = [
        f"Structures were taken from {name}: {count(data.n_atoms, 'atom')} in {things}, of which {representatives:,} "
        "atoms are distinct by symmetry. ",
    ]
    relaxed = Counter(m[1] for s in sources if (m := re.match(r"relaxed with ([\w.-]+)", s)))
    for model, n in relaxed.items():
        pieces.append(f"{n:,} of the {count(len(sources), 'crystal')} concerned were relaxed with {model}. ")
    if cited:
        pieces += ["Their geometries go back to the sources cited here", tuple(cited), ". "]
    pieces += ["Symmetry was found with spglib", _cite("togo2024")]
    pieces += [", near atoms are those within 1.2 times the sum of covalent radii", _cite("cordero2008")]
    return [*pieces, "."]


def _known_only(source: str) -> list[Reference]:
    return [r for r in known().values() if any(piece in source for piece in r.stands_for)]


def _models(content: Content) -> list[Piece]:
    data = content.data
    groups: dict[bool, list[str]] = {True: [], False: []}
    for key in content.view.models:
        groups[data.cards[key].trained].append(key)
    pieces: list[Piece] = []
    for trained, keys in groups.items():
        if not keys:
            continue
        head = "Every atom was embedded with" if trained else "Shown for comparison, not as trained potentials, are"
        pieces.append(f" {head} ")
        for i, key in enumerate(keys):
            pieces.append("; " if i else "")
            pieces += _model(data, key)
        pieces.append(".")
    refused = {k: len(data.atlas.model(k).refused) for k in content.view.models}
    said = [f"{k} refused {count(n, 'structure')}" for k, n in refused.items() if n]
    return [*pieces, f" {'; '.join(said)}." if said else ""]


def _model(data: AtlasData, key: str) -> list[Piece]:
    attrs, card = data.atlas.model(key).attrs, data.cards[key]
    provenance = _recorded(attrs, "provenance")
    checkpoint = clean(attrs.get("checkpoint") or "", 80)
    facts = [
        f"checkpoint {checkpoint}" if checkpoint and checkpoint != key else "",
        f"head {clean(attrs['head'], 40)}" if attrs.get("head") else "",
        _layer(data, key),
        f"trained on {card.training_data}" if card.training_data and card.trained else "",
        f"at the level of {card.level_of_theory}" if card.level_of_theory and card.trained else "",
        f"fine-tuned from {card.parent}" if card.parent else "",
        NOT_TRAINED.get(card.status, card.status) if not card.trained else "",
        f"seed {attrs['seed']}" if attrs.get("seed") is not None else "",
        f"SHA-256 of the weights {str(provenance['sha256'])[:12]}…" if provenance.get("sha256") else "",
    ]
    name = f"{key} ({', '.join(clean(f, 160) for f in facts if f)})"
    cited = tuple(of_citation(card.citation, key))
    return [name, cited] if cited else [name]


def _layer(data: AtlasData, key: str) -> str:
    card = data.cards[key]
    wide = f"{card.width} components" if card.width else ""
    return ", ".join(filter(None, (clean(card.layer, 120), wide))) or "layer not recorded"


def _coordinates(content: Content) -> list[Piece]:
    if content.view.space == "raw":
        return []
    data = content.data
    file = data.atlas.file
    settings = _provenance(data, "anchors")
    path = f"models/{content.view.models[0]}/coordinates" if content.view.models else ""
    measure = file.attrs(path).get("measure", "cosine") if path and file.has(path) else "cosine"
    centred = " after both were centred on the anchors' mean" if settings.get("centre") else ""
    attrs = file.attrs("anchors") if file.has("anchors") else {}
    k, every = content.k, data.n_anchors
    fewer = f" (the first {k} of an ordered set of {every})" if k != every else ""
    pieces: list[Piece] = [
        f" To compare models, each atom was described by its similarities to K = {k} anchor atoms{fewer} that every "
        f"model embeds, each {MEASURES.get(measure, measure)}{centred}",
        _cite("li2026", "moschella2023"),
        ".",
    ]
    if attrs.get("method"):
        how = ANCHOR_METHODS.get(attrs["method"], clean(attrs["method"], 40))
        pieces.append(f" The anchors (set “{clean(attrs.get('name', ''), 80)}”) were chosen {how}")
        if attrs["method"] == "direct":
            pieces.append(_cite("qi2024"))
        on = f" on the embeddings of {clean(attrs['model'], 80)}" if attrs.get("model") else ""
        among = f" among {clean(attrs['chosen_from'], 120)}" if attrs.get("chosen_from") else ""
        pieces.append(f"{on}{among} with seed {attrs.get('seed', 0)}.")
    return pieces


def _provenance(data: AtlasData, stage: str) -> dict[str, Any]:
    return _recorded(_recorded(data.atlas.attrs, "provenance"), stage)


def _recorded(attrs: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A part of an atlas's records; empty where it is not there."""
    found = attrs.get(name)
    return found if isinstance(found, dict) else {}


def _map(content: Content) -> list[Piece]:
    if not content.models:
        return []
    qualities = [content.data.quality(key, content.map) for key in content.models]
    first = qualities[0]
    on = f"{int(first['fitted_atoms']):,} symmetry-distinct atoms" if first.get("fitted_atoms") else "its atoms"
    fitted = ", ".join(clean(k, 60) for k in first.get("fitted_on") or [])
    pooled = f"fitted on {on} of {fitted} together" if fitted else f"fitted on {on}"
    if content.view.space == "raw":
        shares = [sum(q["explained_variance"][:2]) for q in qualities if q.get("explained_variance")]
        kept = f" and keep {_percents(shares)} of its variance" if shares else ""
        pieces: list[Piece] = [
            " The maps are principal component analyses", _cite("pearson1901"),
            f" of each model's own embeddings, {pooled}; their axes are private to each model{kept}.",
        ]  # fmt: skip
    elif content.view.method == "umap":
        trust = [float(q["trustworthiness"]) for q in qualities if q.get("trustworthiness") is not None]
        said = _span([f"{v:.2f}" for v in (min(trust), max(trust))]) if trust else ""
        sample = f" of {int(first['trustworthiness_atoms']):,} atoms" if first.get("trustworthiness_atoms") else ""
        near = f" ({first['trustworthiness_neighbours']} neighbours)" if first.get("trustworthiness_neighbours") else ""
        pieces = [
            " The map is a UMAP", _cite("mcinnes2018"),
            f" of these coordinates with the cosine metric, {pooled}, seed {first.get('seed', 0)}; other atoms were "
            "placed by its transform.",
        ]  # fmt: skip
        if said:
            pieces += [f" The trustworthiness of the models shown{near}", _cite("venna2006"), f" is {said}{sample}."]
    else:
        shares = list(first.get("explained_variance") or [])[:2]
        own = [sum(q["explained_variance_of_model"][:2]) for q in qualities if q.get("explained_variance_of_model")]
        each = f" and {_percents(own)} of that of each model shown" if own else ""
        turned = (
            ", aligned to the map of all anchors by an orthogonal rotation and a scale" if "-k" in content.map else ""
        )
        pieces = [
            " The map is a principal component analysis", _cite("pearson1901"),
            f" of these coordinates, one set of axes for all models, {pooled}{turned}"
            + (f"; two axes keep {percent(sum(shares))} of the pooled variance{each}." if shares else "."),
        ]  # fmt: skip
    if content.view.align:
        pieces.append(
            f" Maps were laid on that of {content.view.align} by the rotation or reflection, scale and shift that "
            "bring the atoms known to both closest in the least-squares sense."
        )
    return pieces


def _shown(content: Content) -> list[Piece]:
    picked = selection_words(content)
    which = f"{len(content.atoms):,} of {count(content.data.n_atoms, 'atom')}"
    selected = f" Selected are {which}, in {count(len(content.structures), 'crystal')} ({picked})." if picked else ""
    return [
        f"{selected} Colours show {_coloured(content)}.",
        " Distances on a map are distorted; no number was computed from one.",
    ]


def selection_words(content: Content) -> str:
    """What the selection asks for; empty where all atoms are selected."""
    view = content.view
    quantities = listed(content.data)
    parts = []
    if view.elements:
        parts.append(f"elements {', '.join(view.elements)}")
    if view.hide:
        hidden = ", ".join(clean(h, 60) for h in view.hide)
        parts.append(f"without {hidden}{_in_model(content, view.colour)}")
    if view.find.strip():
        parts.append(f"“{clean(view.find, 200)}”")
    for name, (low, high) in (view.brush or {}).items():
        q = quantities[name]
        unit = f" {q.unit}" if q.unit else ""
        parts.append(f"{clean(q.label, 60)} from {number(low)} to {number(high)}{unit}{_in_model(content, name)}")
    drawn_on = lasso_model(content.data, view)
    if drawn_on is not None:
        parts.append(f"inside a polygon drawn on the map of {drawn_on}")
    return "; ".join(parts)


def _in_model(content: Content, quantity: str) -> str:
    """Of which model the values are that hide or limit atoms; empty for quantities that are not of models."""
    if listed(content.data)[quantity].of == "comparison":
        return f" ({_compared(content)})"
    model = model_of(content.data, quantity, content.view)
    return f" in {model}" if model is not None else ""


def _compared(content: Content) -> str:
    """What an overlap is of."""
    found = compared.of_view(content.data, content.view)
    lists = {
        "representatives": "one atom per site",
        "all": "all atoms",
        "within_element": "one atom per site, of the same element",
    }[found.near]
    from_what = ", counted from chance" if found.chance else ""
    pairs = " and ".join(found.models) if len(found.models) == 2 else f"mean over pairs of {', '.join(found.models)}"
    return f"{pairs}; k = {found.k} nearest by cosine of coordinates among {lists}{from_what}"


def _coloured(content: Content) -> str:
    q = listed(content.data)[content.view.colour]
    if q.of == "comparison":
        return f"overlap of nearest neighbours ({_compared(content)})"
    label = clean(q.label, 80)
    return label[:1].lower() + label[1:] if label[1:2].islower() or label[1:2] == " " else label


def _map_name(content: Content) -> str:
    view = content.view
    if view.space == "raw":
        return "PCA of each model's own embeddings"
    return f"{view.method.upper()} of similarities to K = {content.k} anchors"


def _atom(data: AtlasData, atom: int) -> str:
    formula, identifier = data.crystal_of(atom)
    return f"{data.label(atom)} of {clean(formula, 80)} ({clean(identifier, 80)})"


def _versions(content: Content) -> list[Piece]:
    made = software(content.data)
    named = {n: {made[n]: None} for n in SOFTWARE_NAMED if n in made}
    if content.view.method != "umap" or content.view.space == "raw":
        named.pop("umap-learn", None)
    for key in content.view.models:
        attrs = content.data.atlas.model(key).attrs
        own = _recorded(_recorded(attrs, "provenance"), "versions")
        for package in attrs.get("packages") or []:
            if package in own:
                named.setdefault(str(package), {})[str(own[package])] = None
    others = ", ".join(clean(f"{n} {' and '.join(v)}", 80) for n, v in named.items())
    at_build, now = made.get("platonic-atlas", ""), version("platonic-atlas")
    with_what = f"Platonic Atlas {clean(at_build, 40)}" if at_build else "Platonic Atlas"
    return [
        f" The atlas was made with {with_what}{f' ({others})' if others else ''}",
        f" and shown with version {now}." if at_build and now != at_build else ".",
    ]


def _span(ends: Sequence[str]) -> str:
    return ends[0] if ends[0] == ends[-1] else f"{ends[0]}–{ends[-1]}"


def _percents(shares: Sequence[float]) -> str:
    low, high = percent(min(shares)), percent(max(shares))
    return low if low == high else f"{low[:-2]}–{high}"
