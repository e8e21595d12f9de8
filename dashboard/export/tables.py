"""The selected atoms as a table: CSV for spreadsheets, Parquet for programs. One row an atom."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from dashboard.export.columns import Column, all_columns, n_columns
from dashboard.export.content import Content, ExportError
from dashboard.export.methods import software

if TYPE_CHECKING:
    import pyarrow as pa

MOST_CELLS = 40_000_000
ROWS_AT_ONCE = 20_000
# what a spreadsheet takes for a formula; plain symmetry symbols such as -43m stay as they are, they can do no harm
FORMULA = re.compile(r"^[=+\-@\t\r]")
HARMLESS = re.compile(r"^-[0-9m./-]*$")


def check(content: Content) -> None:
    """Refuse an empty selection and one of more than `MOST_CELLS` cells.

    Raises
    ------
    ExportError
    """
    content.require_atoms()
    n = n_columns(content)
    if n * len(content.atoms) > MOST_CELLS:
        raise ExportError(
            f"The table would have {len(content.atoms):,} rows of {n} columns; at most {MOST_CELLS:,} cells are "
            "written at once. Select fewer atoms or show fewer models."
        )


def csv(content: Content) -> bytes:
    """The table as CSV (UTF-8), units in the header; texts that a spreadsheet would run begin with an apostrophe."""
    from pyarrow import csv as arrow_csv

    check(content)
    columns = all_columns(content)
    body = io.BytesIO()
    header = [guarded(c.heading) for c in columns]
    body.write((",".join('"' + h.replace('"', '""') + '"' for h in header) + "\n").encode())
    options = arrow_csv.WriteOptions(include_header=False)
    for table in _blocks(content, columns, guard=True):
        arrow_csv.write_csv(table, body, options)
    return body.getvalue()


def parquet(content: Content) -> bytes:
    """The table as Parquet; units and meanings in the metadata of its fields, the view in the metadata of the file."""
    import pyarrow as pa
    from pyarrow import parquet as arrow_parquet

    check(content)
    columns = all_columns(content)
    fields = [
        pa.field(c.name, _type(c), metadata={k: v for k, v in (("unit", c.unit), ("about", c.about)) if v})
        for c in columns
    ]
    about = {"atlas": content.data.title, "view": content.query, "software": json.dumps(software(content.data))}
    schema = pa.schema(fields, metadata={"platonic-atlas": json.dumps(about, ensure_ascii=False)})
    body = io.BytesIO()
    with arrow_parquet.ParquetWriter(body, schema, compression="zstd") as writer:
        for table in _blocks(content, columns, guard=False):
            writer.write_table(table.cast(schema))
    return body.getvalue()


def guarded(text: str) -> str:
    """A text that no spreadsheet runs as a formula."""
    return f"'{text}" if FORMULA.match(text) and not HARMLESS.match(text) else text


def _blocks(content: Content, columns: list[Column], guard: bool) -> Iterator[pa.Table]:
    import pyarrow as pa

    for start in range(0, len(content.atoms), ROWS_AT_ONCE):
        atoms = content.atoms[start : start + ROWS_AT_ONCE]
        arrays = []
        for column in columns:
            values = column.of(content.data, atoms)
            if column.kind == "text":
                texts = values.tolist()
                arrays.append(pa.array([guarded(t) for t in texts] if guard else texts, pa.string()))
            elif column.kind == "integer":
                arrays.append(pa.array(values, pa.int64()))
            else:
                known = np.isfinite(values)
                of = (values != 0) if column.kind == "flag" else np.asarray(values)
                arrays.append(pa.array(of, _type(column), mask=~known))
        yield pa.table(arrays, names=[c.name for c in columns])


def _type(column: Column) -> pa.DataType:
    import pyarrow as pa

    if column.kind == "number":
        return pa.float32() if column.values.dtype == np.float32 else pa.float64()
    return {"text": pa.string(), "integer": pa.int64(), "flag": pa.bool_()}[column.kind]
