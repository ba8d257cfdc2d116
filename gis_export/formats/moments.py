"""Date-times as GDAL can write them, which makes of 23:59:59.999999 a 23:59:60.

They are rounded as Arrow batches, not by SQL: there only the columns that need it cost anything, and what was rounded
is counted without a second look at the rows.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gis_export.plan import LayerPlan, Loss

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

_MILLISECOND, _SECOND, _MINUTE = 1_000, 1_000_000, 60_000_000  # microseconds
ROUNDED = (
    "Date-times are rounded to the millisecond; before 1970 those in the last second of a minute are rounded to "
    "the second."
)


def rounded(batch: pa.RecordBatch, counts: Counter[str]) -> pa.RecordBatch:
    """The batch with its date-times (microseconds) rounded half up to the millisecond. Before 1970 GDAL takes any
    fraction of second 59 for the next minute, so these are rounded to the second. ``counts`` gets how many values of
    each column, by its name, became others."""
    import pyarrow as pa

    for at, field in enumerate(batch.schema):
        if pa.types.is_timestamp(field.type):
            column, changed = _rounded(batch.column(at))
            if changed:
                counts[field.name] += changed
                batch = batch.set_column(at, field, column)
    return batch


def _rounded(column: pa.Array) -> tuple[pa.Array, int]:
    """The column, and how many of its values became others."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    moments = pc.fill_null(column.cast(pa.int64()), 0).to_numpy()
    fine = moments % _MILLISECOND != 0
    early = (moments < 0) & (moments % _SECOND != 0)
    if not fine.any() and not early.any():
        return column, 0
    rounded = _to(moments, _MILLISECOND)
    last = (rounded < 0) & (rounded % _MINUTE > 59 * _SECOND)
    rounded = np.where(last, _to(moments, _SECOND), rounded)
    kept = pa.array(rounded, mask=column.is_null().to_numpy(zero_copy_only=False)).cast(column.type)
    return kept, int(np.count_nonzero(rounded != moments))


def _to(moments: NDArray[np.int64], unit: int) -> NDArray[np.int64]:
    return (moments + unit // 2) // unit * unit


def losses(layer: LayerPlan, names: list[str], counts: Counter[str]) -> list[Loss]:
    """What ``rounded`` counted of the layer's columns, which have ``names`` in the file."""
    return [
        Loss(layer.name, "altered", ROUNDED, field=column.name, count=counts[name])
        for column, name in zip(layer.columns, names, strict=True)
        if counts[name]
    ]
