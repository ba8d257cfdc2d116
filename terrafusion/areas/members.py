"""The members of an area's JSON object, and how a message shows a value."""

from __future__ import annotations

import json
import math
from typing import Any, TypeGuard

from terrafusion.api import keys
from terrafusion.areas.area import AreaError

_MOST_SHOWN = 60


def only(given: dict[str, Any], *known: str) -> None:
    """Refuse unknown members: a misspelled one that is ignored would give another area."""
    if faults := keys.unknown(given, ["type", *known]):
        raise AreaError(*faults.values())


def is_number(value: Any) -> TypeGuard[int | float]:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of more than 308 digits
        return False


def shown(value: Any) -> str:
    """The beginning of a value, for a message: what JSON has a word for by that."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested as deep as the parser allows, or of too many digits
        return "this"
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
