"""Whole numbers out of texts, to their last digit: a double has 53 bits, and they have 64."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_SHORT = r"^-?\d{1,18}$"
_LONG = r"^-?\d{19}$"  # of which 64 bits hold some
_LAST_NEGATIVE, _LAST = str(2**63), str(2**63 - 1)


def numbers(texts: pa.Array) -> pa.Array:
    """Null where a text is no whole number that 64 bits hold."""
    texts = pc.utf8_ltrim(pc.utf8_trim_whitespace(texts), "+")
    fits = _mask(pc.match_substring_regex(texts, _SHORT))
    if (longest := _mask(pc.match_substring_regex(texts, _LONG))).any():
        last = pc.if_else(pc.starts_with(texts, "-"), _LAST_NEGATIVE, _LAST)
        fits |= longest & _mask(pc.less_equal(pc.utf8_ltrim(texts, "-"), last))
    return pc.cast(pc.if_else(fits, texts, None), pa.int64())


def _mask(condition: pa.Array) -> np.ndarray:
    return np.asarray(pc.fill_null(condition, False).to_numpy(zero_copy_only=False), dtype=bool)
