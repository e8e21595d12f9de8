"""One model's coordinates as a table for use elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from precompute.contracts import AtlasError
from precompute.store import Atlas

FORMATS = (".csv", ".parquet", ".npz")


def write_coordinates_table(atlas: Atlas, model: str, out: Path) -> int:
    """Write one row an atom: structure id, formula, atom (counted within the structure), element, coordinates.

    In ``.csv`` and ``.parquet`` the columns ``c0`` ... are the similarities to the anchors in order; in ``.npz`` the
    array ``coordinates`` (N, K) is. Atoms that the model could not embed are left out.

    Returns
    -------
    int
        How many atoms were written.

    Raises
    ------
    AtlasError
        For an unknown model or ending, or a file that cannot be written.
    """
    if out.suffix not in FORMATS:
        raise AtlasError(f"--out {out}: expected a name ending in {', '.join(FORMATS)}")
    values = atlas.model(model).coordinates
    rows = np.flatnonzero(np.isfinite(values).all(axis=1))
    of = atlas.atoms("structure")[rows]
    first = atlas.structures("first_atom")
    columns = {
        "structure": atlas.structures("id")[of],
        "formula": atlas.structures("formula")[of],
        "atom": rows - first[of],
        "element": atlas.elements["symbol"][atlas.atoms("atomic_number")[rows] - 1],
    }
    try:
        if out.suffix == ".npz":
            # text of fixed width, which npz holds without pickle
            fixed: dict[str, Any] = {k: np.array(v.tolist()) for k, v in columns.items()}
            with out.open("wb") as handle:
                np.savez_compressed(handle, coordinates=values[rows], model=np.array(model), **fixed)
        else:
            _write_table(columns, values[rows], out)
    except OSError as error:
        raise AtlasError(f"cannot write {out}: {error.strerror}") from error
    return len(rows)


def _write_table(columns: dict[str, np.ndarray], values: np.ndarray, out: Path) -> None:
    import pyarrow as pa
    from pyarrow import csv, parquet

    arrays = {name: pa.array(c.tolist()) for name, c in columns.items()}
    table = pa.table(arrays | {f"c{i}": pa.array(values[:, i]) for i in range(values.shape[1])})
    if out.suffix == ".csv":
        csv.write_csv(table, str(out))
    else:
        parquet.write_table(table, str(out))
