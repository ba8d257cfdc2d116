"""Many values of a row as one text: PostgreSQL writes a record, and Arrow's reader of CSV takes it apart again.

The database driver alone takes longer for a field of its own than these two do together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv

from gis_export.formats.text import joined

COLUMN = "packed"


def packed(expressions: Iterable[str]) -> str:
    """SQL of the column with the record of the expressions, as PostgreSQL writes it: NULL is nothing; what is empty or
    has a comma, a parenthesis, a quote, a backslash or white space is quoted; quotes and backslashes are doubled."""
    # The parentheses round a record become values of their own beside the outer two.
    return f"ROW(NULL, {', '.join(expressions)}, NULL)::text AS {COLUMN}"


def unpacked(batch: pa.RecordBatch, names: Sequence[str]) -> pa.RecordBatch:
    """The batch with the text of each expression in a column of these names, in place of their records."""
    at = batch.schema.get_field_index(COLUMN)
    columns, old = batch.columns, batch.schema.names
    texts = _texts(columns[at], names)
    return pa.RecordBatch.from_arrays([*columns[:at], *texts, *columns[at + 1 :]], [*old[:at], *names, *old[at + 1 :]])


def _texts(records: pa.StringArray, names: Sequence[str]) -> list[pa.StringArray]:
    if not len(records):  # Arrow takes no CSV without a line
        return [records] * len(names)
    lines = pa.py_buffer(joined(pc.binary_join_element_wise(records, "", "\n")))
    table = csv.read_csv(
        lines,
        csv.ReadOptions(use_threads=False, block_size=len(lines) + 1, column_names=["(", *names, ")"]),
        csv.ParseOptions(escape_char="\\", newlines_in_values=True),
        csv.ConvertOptions(
            check_utf8=False,
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            include_columns=names,
        ),
    )
    return [column.combine_chunks() for column in table.columns]
