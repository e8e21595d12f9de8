"""The sections of the report that judge: forgetting, and the verdict."""

from __future__ import annotations

from html import escape

from precompute.drift.records import Series
from precompute.drift.verdict import Verdict
from precompute.drift_report.parts import cells, number, shortened, with_interval
from precompute.drift_tables import symbol

SHOWN_FLAGGED = 12


def word_of(verdict: Verdict | None) -> str:
    """The verdict in a line."""
    if verdict is None:
        return "No verdict applies"
    if verdict.passed:
        return "Verdict: passed"
    failed = sum(not c.passed for c in verdict.checks)
    return f"Verdict: damaged ({failed} of {len(verdict.checks)} checks failed)"


def class_of(verdict: Verdict | None) -> str:
    """Its class in the style sheet."""
    return "unjudged" if verdict is None else "passed" if verdict.passed else "damaged"


def forgetting(series: Series) -> str:
    """The elements that are flagged, against run-to-run noise."""
    f = series.forgetting
    if f is None:
        if series.kind != "fine-tuning":
            return ""
        return (
            "<section><h2>Forgetting</h2><p>Not judged: run-to-run noise is not known without runs that differ from "
            "this one in their seed only (--siblings).</p></section>"
        )
    flagged = [e for e, is_so in enumerate(f.flagged) if is_so]
    flagged.sort(key=lambda e: -f.low[e] / f.null[e] if f.null[e] > 0 else 0.0)
    body = [
        [symbol(int(series.elements[e])), *(number(float(v[e])) for v in (f.drift, f.low, f.null))] for e in flagged
    ]
    head = ["element", "drift", "its lower bound", "run-to-run noise"]
    found = "<p>No element is flagged.</p>"
    if body:
        found = f"<p>{len(body)} of {len(series.elements)} elements are flagged.</p>"
        found += shortened(head, body, SHOWN_FLAGGED)
    return (
        f'<section><h2>Forgetting</h2>{found}<p class="quiet">{f.n_runs} runs that differ in their seed only. '
        f"{escape(f.rule)}</p></section>"
    )


def judgement(series: Series, verdict: Verdict | None) -> str:
    """The last section: every check with its limit, or why there is none."""
    if verdict is None:
        why = (
            "These are separate trainings or heads" if series.kind == "comparison" else "This is a student in training"
        )
        return (
            f'<section id="verdict"><h2>Verdict</h2><p>{why}, so no verdict applies: it would say whether a fine-tuned '
            "model still is the model that it was.</p></section>"
        )
    head = ["check", "measured", "passes", "", "what it is"]
    body = []
    for c in verdict.checks:
        text, limit = c.shown()
        word = "passed" if c.passed else "failed"
        sign = "\u2264" if c.at_most else "\u2265"
        body.append(
            [
                escape(c.label),
                with_interval(text),
                f'<span class="whole">{sign} {escape(limit)}</span>',
                f'<strong class="{"passed" if c.passed else "damaged"}">{word}</strong>',
                f"{escape(c.meaning)} <span class='quiet'>Limit: {escape(c.source)}</span>",
            ]
        )
    counts = series.record["measured"]
    return (
        f'<section id="verdict"><h2>Verdict</h2><p class="verdict {class_of(verdict)}">{word_of(verdict)}</p>'
        f'<div class="wide"><table class="checks">{cells(head, body, text=(0, 4))}</table></div>'
        f'<p class="quiet">Of the last checkpoint, {escape(series.checkpoints[-1])}, over '
        f"{counts['representatives']:,} symmetry-distinct atoms ({counts['representatives_with_forces']:,} with "
        f"forces) and {counts['structures_with_energies']:,} structures with energies. The limits were fixed "
        "beforehand on models damaged on purpose; they are not fitted to this series. A check is "
        "decided by its value; the interval tells how close it was.</p></section>"
    )
