"""Parts of the parcels: what is learned of a parcel's sales is learned in one part, and left out where it is valued.

The value of a parcel that sold rests on the sales of the other parts only, so that its own price has no say in it:
assessment treats sold and unsold parcels alike (IAAO Standard on Ratio Studies, on sales chasing).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from market_analysis.stats.errors import InsufficientSales

COUNT = 10
_MINIMUM = 15  # sales that are left without a part

Keys = npt.NDArray[np.uint64]
"""Numbers that distinguish properties (``surroundings.keys_of``)."""
Parts = npt.NDArray[np.intp]


def of(keys: Keys) -> Parts:
    """The part of each property, 0 to ``COUNT`` - 1: the same for all sales of a parcel, in every model."""
    return (keys % np.uint64(COUNT)).astype(np.intp)


def checked(part: Parts) -> Parts:
    """The parts of the sales. Raises InsufficientSales where hardly any sale is left without one of them."""
    if len(part) - np.bincount(part, minlength=COUNT).max() < _MINIMUM:
        raise InsufficientSales(
            "Nearly all sales are of the same few parcels; a value must not rest on a parcel's own sales."
        )
    return part


def left_out(keys: Keys, sold: Keys) -> Parts:
    """The part that a property's value must not rest on; ``COUNT``, which is none, for one that is not in ``sold``."""
    return np.where(np.isin(keys, sold), of(keys), COUNT)
