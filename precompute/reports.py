"""What the command line prints: tables of an atlas, of models, of anchors, of a build before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from precompute.contracts import AnchorSet, Skipped
from precompute.drift.stored import series_attrs, series_names
from precompute.embedding import share_of_cores
from precompute.plan import Request, estimate
from precompute.store import Atlas

if TYPE_CHECKING:
    from precompute.models.spec import ModelSpec
    from precompute.stages.work import Report

SHOWN_SKIPPED = 10
WEIGHTS = {"made": "made on the spot", "download": "to download"}


def print_plan(console: Console, request: Request, todo: Sequence[ModelSpec]) -> None:
    """Say what a build will do, with an estimate of time and disk."""
    c = request.collection
    e = estimate(request, todo, share_of_cores(max(1, len(todo)))[0])
    n = sum(len(s) for s in c.structures)
    say = _sayer(console)
    say(f"{len(c.structures):,} structures, {n:,} atoms; {len(c.skipped):,} skipped")
    _print_skipped(console, c.skipped)
    a = request.anchors
    if a.ready is not None:
        say(f"anchors: the set {a.ready.name!r}, {len(a.ready)} atoms")
    else:
        say(f"anchors: {a.count}, to be chosen by {a.method}")
    reused = [s.key for s in request.models if s not in todo and s.key not in request.imported]
    say(f"to embed: {', '.join(e.to_embed) or 'nothing'}" + (f"; there already: {', '.join(reused)}" if reused else ""))
    if todo:
        say(f"estimate: {e.seconds / 60:.0f}-{2 * e.seconds / 60:.0f} min, {e.bytes / 1e6:,.0f} MB in {request.out}")


def print_end(console: Console, request: Request, report: Report) -> None:
    """Say how a build ended."""
    say = _sayer(console)
    if not report.built:
        say(f"{request.out} holds all of this already; nothing to do")
        return
    _print_skipped(console, request.collection.skipped)
    for key, reason in report.failed.items():
        held = key in Atlas(request.out).model_keys
        say(f"{key} {'was left as an earlier build made it' if held else 'is not in the atlas'}: {reason}")
    say(f"{request.out} is ready. Show it: platonic-atlas serve {request.out}")


def atlas_info(atlas: Atlas) -> dict[str, Any]:
    """Everything that `platonic-atlas info` tells, as plain data."""
    models = []
    for key in atlas.model_keys:
        view = atlas.model(key)
        attrs = view.attrs
        wanted = ("family", "status", "weights", "layer", "width", "training_data", "level_of_theory", "licence")
        models.append({
            "key": key,
            **{k: attrs.get(k) for k in wanted},
            "refused": [{"structure": r.structure, "reason": r.reason} for r in view.refused],
            "flagged": attrs.get("flagged", {}),
            "maps": view.map_names,
            "provenance": attrs.get("provenance", {}),
        })  # fmt: skip
    anchors = atlas.anchors
    series = [series_attrs(atlas.file, name) for name in series_names(atlas.file)]
    return {
        "path": str(atlas.path),
        "title": atlas.title,
        "created": atlas.attrs.get("created"),
        "schema_version": atlas.attrs["schema_version"],
        "software": atlas.attrs.get("software", {}),
        "structures": atlas.n_structures,
        "atoms": atlas.n_atoms,
        "representatives": int(atlas.atoms("is_representative").sum()),
        "elements": len(set(atlas.atoms("atomic_number").tolist())),
        "bytes": _size(atlas.path),
        "bytes_of": _sizes(atlas.path),
        "skipped": [vars(s) for s in atlas.skipped],
        "anchors": {
            "name": anchors.name,
            "count": len(anchors),
            "method": anchors.method,
            "model": anchors.model,
            "seed": anchors.seed,
            "chosen_from": anchors.chosen_from,
            "in_this_atlas": int((atlas.file.read("anchors/index") >= 0).sum()),
        },
        "purity": _purity(atlas),
        "models": models,
        "series": [
            {
                **{k: s[k] for k in ("name", "title", "kind", "experiment", "base", "strategy", "seed")},
                "checkpoints": len(s["checkpoints"]) - 1,
                "structures": s["record"]["structures"]["sampled"],
            }
            for s in series
        ],
    }


def print_info(console: Console, data: dict[str, Any]) -> None:
    """Print what `atlas_info` gathered."""
    say = _sayer(console)
    say(f"{data['title']}  ({data['path']}, {data['bytes'] / 1e6:,.0f} MB, made {data['created']})")
    say(
        f"{data['structures']:,} structures, {data['atoms']:,} atoms in {data['representatives']:,} orbits, "
        f"{data['elements']} elements"
    )
    a = data["anchors"]
    how = f"{a['method']}" + (f" on {a['model']}" if a["model"] else "")
    say(f"anchors: {a['name']}, {a['count']} by {how} from {a['chosen_from']}; {a['in_this_atlas']} are in this atlas")
    table = Table(title="Models", title_justify="left")
    for column in ("key", "status", "layer", "width", "refused", "flagged", "maps"):
        numeric = column in ("width", "refused", "flagged", "maps")
        table.add_column(column, justify="right" if numeric else "left", no_wrap=column == "key")
    for m in data["models"]:
        counts = [str(len(m[k])) for k in ("refused", "flagged", "maps")]
        table.add_row(m["key"], m["status"], str(m["layer"]), str(m["width"]), *counts)
    console.print(table)
    for m in data["models"]:
        for r in m["refused"][:SHOWN_SKIPPED]:
            say(f"  {m['key']} refused {r['structure']}: {r['reason']}")
        for name, remarks in list(m["flagged"].items())[:SHOWN_SKIPPED]:
            say(f"  {m['key']} flagged {name}: {'; '.join(remarks)}")
    for s in data["series"]:
        say(
            f"series {s['name']}: {s['title']} ({s['kind']}), {_count(s['checkpoints'], 'checkpoint')} after the base, "
            f"over {_count(s['structures'], 'structure')}"
        )
    if data["purity"]:
        console.print(purity_table(data["purity"]))
    _print_skipped(console, [Skipped(**s) for s in data["skipped"]])
    say("software: " + ", ".join(f"{k} {v}" for k, v in data["software"].items()))


def purity_table(p: dict[str, Any]) -> Table:
    """Is chemistry in the space? One row a model."""
    title = (
        f"Share of the {p['neighbours']} nearest atoms that are of the same element group "
        f"({p['atoms']:,} symmetry-distinct atoms, {p['structures']:,} structures; 95 % interval)"
    )
    table = Table(title=title, title_justify="left")
    for column in ("model", "neighbours of other elements", "permuted", "all neighbours", "permuted"):
        table.add_column(column, justify="left" if column == "model" else "right")
    for row in sorted(p["rows"], key=lambda r: -r["other_elements_value"]):
        cells = []
        for kind in ("other_elements", "plain"):
            cells.append(f"{row[f'{kind}_value']:.3f} [{row[f'{kind}_low']:.3f}, {row[f'{kind}_high']:.3f}]")
            cells.append(f"{row[f'{kind}_permuted']:.3f}")
        table.add_row(row["model"], *cells)
    return table


def print_models(console: Console, rows: list[dict[str, Any]]) -> None:
    """Print the known models, two lines each: nine columns would fold into nothing on a usual terminal."""
    say = _sayer(console)
    for r in rows:
        ready = "environment ready" if r["ready"] else f"needs platonic-atlas env create {r['environment']}"
        weights = WEIGHTS.get(r["weights"], r["weights"])
        console.print(escape(r["key"]), style="bold", end="", highlight=False)
        say(f"  {r['family']}, {r['status']}, weights {weights}, {ready}")
        parts = [f"{r['width'] or '?'} wide: {r['layer']}", r["training_data"], r["level_of_theory"], r["licence"]]
        say("    " + "; ".join(p for p in parts if p))


def anchor_rows(anchors: AnchorSet) -> list[dict[str, Any]]:
    """One row an anchor: element, structure, atom."""
    from precompute.elements import table

    symbols = table()["symbol"]
    pairs = zip(anchors.structure.tolist(), anchors.atom.tolist(), anchors.numbers.tolist(), strict=True)
    return [
        {"rank": i, "element": str(symbols[z - 1]), "structure": anchors.structures[s].id, "atom": a}
        for i, (s, a, z) in enumerate(pairs)
    ]


def print_anchors(console: Console, anchors: AnchorSet) -> None:
    """Print an anchor set."""
    rows = anchor_rows(anchors)
    say = _sayer(console)
    on = f" on {anchors.model}" if anchors.model else ""
    say(f"{anchors.name}: {len(anchors)} anchors by {anchors.method}{on}, seed {anchors.seed}")
    say(f"chosen from {anchors.chosen_from}; {len(Counter(r['element'] for r in rows))} elements")
    table = Table()
    for column in ("rank", "element", "structure", "atom"):
        table.add_column(column)
    for r in rows:
        table.add_row(str(r["rank"]), r["element"], escape(r["structure"]), str(r["atom"]))
    console.print(table)


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _sayer(console: Console) -> Any:
    # ids, file names and reasons come from outside: brackets in them are not markup
    return lambda text: console.print(text, markup=False, highlight=False, soft_wrap=True)


def _print_skipped(console: Console, skipped: list[Skipped] | tuple[Skipped, ...]) -> None:
    say = _sayer(console)
    for s in skipped[:SHOWN_SKIPPED]:
        say(f"  skipped {s.id} ({s.source}): {s.reason}")
    if len(skipped) > SHOWN_SKIPPED:
        say(f"  ... and {len(skipped) - SHOWN_SKIPPED:,} more, kept in the atlas (platonic-atlas info --json)")


def _purity(atlas: Atlas) -> dict[str, Any]:
    base = "diagnostics/purity"
    if not atlas.file.has(base):
        return {}
    columns = {name: atlas.file.read(f"{base}/{name}").tolist() for name in atlas.file.names(base, "arrays")}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return {**atlas.file.attrs(base), "rows": rows}


def _sizes(path: Path) -> dict[str, int]:
    """Bytes of each part of an atlas, models one by one; nothing for a zip, which is one file."""
    if path.is_file():
        return {}
    parts = [p for p in path.iterdir() if p.is_dir() and p.name != "models"]
    parts += [p for p in (path / "models").iterdir() if p.is_dir()]
    return {p.relative_to(path).as_posix(): _size(p) for p in sorted(parts)}


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else sum(f.stat().st_size for f in path.rglob("*") if f.is_file())
