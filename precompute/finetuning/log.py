"""`log.csv` of a run: one row an update."""

from __future__ import annotations

import csv
from dataclasses import asdict, fields
from pathlib import Path
from typing import TextIO

from precompute.finetuning.trainers import LogRow

COLUMNS = ("updates", "epoch", *(f.name for f in fields(LogRow) if f.name != "updates"))


def read_log(folder: Path) -> list[LogRow]:
    """Return the rows of a run, or none where it has not begun; a last row that was cut is left out."""
    file = folder / "log.csv"
    if not file.is_file():
        return []
    rows = []
    for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines()):
        values = {f.name: row.get(f.name) for f in fields(LogRow)}
        try:
            numbers = {name: float(text) if text else None for name, text in values.items()}
            # columns are the fields; one that is not optional and empty ends what can be read
            rows.append(LogRow(**{**numbers, "updates": int(str(values["updates"]))}))  # type: ignore[arg-type]
        except (TypeError, ValueError):
            break
    return rows


class LogWriter:
    """Appends rows; the first one it is given replaces that update's and all later ones."""

    def __init__(self, folder: Path, updates_per_epoch: float) -> None:
        self._folder = folder
        self._per_epoch = updates_per_epoch
        self._stream: TextIO | None = None

    def write(self, row: LogRow) -> None:
        """Add one row."""
        if self._stream is None:
            self._begin(before=row.updates)
        self._put(row)

    def flush(self) -> None:
        """Hand what was written to the system."""
        if self._stream is not None:
            self._stream.flush()

    def close(self) -> None:
        """Close the file."""
        if self._stream is not None:
            self._stream.close()

    def _begin(self, before: int) -> None:
        kept = [row for row in read_log(self._folder) if row.updates < before]
        self._stream = (self._folder / "log.csv").open("w", encoding="utf-8", newline="")
        csv.writer(self._stream).writerow(COLUMNS)
        for row in kept:
            self._put(row)

    def _put(self, row: LogRow) -> None:
        assert self._stream is not None
        values = {**asdict(row), "epoch": round(row.updates / self._per_epoch, 4)}
        csv.writer(self._stream).writerow(["" if values[c] is None else f"{values[c]:.8g}" for c in COLUMNS])
