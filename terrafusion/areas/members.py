"""The members of an area's JSON object."""

from __future__ import annotations

import math
from typing import Any, TypeGuard

from terrafusion.api import keys
from terrafusion.areas.errors import AreaError


def only(given: dict[str, Any], *known: str) -> None:
    """Refuse unknown members: a misspelled one that is ignored would give another area."""
    if faults := keys.unknown(given, ["type", *known]):
        raise AreaError(*faults.values())


def is_number(value: object) -> TypeGuard[int | float]:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of more than 308 digits
        return False
