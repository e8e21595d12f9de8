"""The section of the report that says what everything rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from precompute.drift.records import Series
from precompute.drift_report.parts import cells, definitions

_SETTINGS = {
    "learning_rate": "learning rate",
    "epochs": "epochs",
    "updates": "updates",
    "batch_size": "structures in a batch",
    "replay_per_batch": "replayed structures in a batch",
    "ema": "decay of the moving average of weights",
    "optimiser": "optimiser",
    "energy_weight": "weight of energies",
    "force_weight": "weight of forces",
    "stress_weight": "weight of stresses",
    "ewc_strength": "strength of elastic weight consolidation",
}


def provenance(series: Series) -> str:
    """Checkpoints with their hashes, the run, the software, and remarks."""
    record = series.record
    of = record["structures"]
    head = ["checkpoint", "model", "trained on", "licence", "SHA-256 of the weights"]
    body = [
        [
            escape(c["name"]),
            escape(c["file"] or c["key"]) + f" ({escape(c['status'])})",
            escape(", ".join(filter(None, (c["training_data"], c["level_of_theory"])))),
            escape(c["licence"] or ""),
            f'<span class="hash">{escape(c["sha256"] or "none")}</span>',
        ]
        for c in record["checkpoints"]
    ]
    versions = ", ".join(f"{name} {value}" for name, value in record["versions"].items())
    pairs = [
        ("base", series.base),
        ("anchors", f"{record['anchor_set']}, {series.anchors}"),
        ("structures", f"{of['sampled']:,} of {of['of']:,}, seed {of['seed']}"),
        *_refusals(record["checkpoints"]),
        *_run(record.get("run") or {}),
        ("software", versions),
        *(("note", note) for note in record["notes"]),
    ]
    return (
        '<section><h2>What this rests on</h2><div class="wide"><table>'
        f"{cells(head, body, text=(0, 1, 2, 3, 4))}</table></div>{definitions(pairs)}</section>"
    )


def _refusals(checkpoints: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    refused = [f"{c['name']} refused {c['refused']:,} structures" for c in checkpoints if c["refused"]]
    if refused:
        yield "refused", "; ".join(refused) + "; means are over atoms that the base and all checkpoints have"


def _run(run: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if not run:
        return
    for what, label in (("data", "fine-tuning data"), ("replay", "replayed data")):
        of = run.get(what)
        if of and "labels" not in of:
            yield label, ", ".join(f"{k} {v}" for k, v in of.items())
        elif of:
            shift = ", ".join(f"{k} {v:+.4f} eV" for k, v in of.get("shift", {}).items())
            taken = f"; taken off energies for each atom: {shift}" if shift else ""
            text = f"{of['name']}, {of['n_structures']:,} structures; {of['labels']}{taken}; SHA-256 {of['sha256']}"
            yield label, text
    if run.get("teacher"):
        yield "labels of the data", str(run["teacher"])
    yield "settings", ", ".join(f"{_SETTINGS.get(name, name)} {value}" for name, value in run["settings"].items())
    if run.get("state", "finished") != "finished":
        yield "state of the run", str(run["state"])
    if run.get("command"):
        yield "command", " ".join(run["command"])
    yield "trained with", ", ".join(f"{name} {value}" for name, value in run["software"].items())
