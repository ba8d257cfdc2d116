"""What is wrong with rows of a batch: found column by column, reported row by row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

Mask = NDArray[np.bool_]
ALTERED = "altered"
"""The outcome of a shape that is loaded, but not quite as the file has it."""


@dataclass(frozen=True)
class Problem:
    """The rows of ``mask`` break a rule. ``reason`` is its stable code; ``detail`` describes the case of one row."""

    mask: Mask
    reason: str
    detail: Callable[[int], str]
    outcome: str = "refused"  # or nulled, truncated, repaired, altered: the row is loaded nevertheless


def _plain(value: pa.Scalar) -> str:
    try:
        return str(value.as_py())
    except UnicodeDecodeError:
        return bytes(value.as_buffer()).decode(errors="replace")


def shown(field: str, values: pa.Array, personal: bool) -> Callable[[int], str]:
    """A detail that shows the field's value in the source, unless that would copy personal data."""

    def detail(index: int) -> str:
        if personal:
            return f"{field}: (personal data, not shown)"
        return f"{field}: {_plain(values[index])[:80]!r}"

    return detail
