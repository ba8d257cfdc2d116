"""Which sales a county takes for the market's: the rules of screening, as its settings or a request give them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from terrafusion.api import keys
from terrafusion.records.errors import InvalidRules

_DEEDS = ("QC", "QCD", "QUITCLAIM", "QUIT CLAIM", "GIFT", "TRUSTEE", "TAX", "SHERIFF", "FORECLOSURE", "DEED IN LIEU")
"""Deeds whose consideration seldom is the market's: IAAO, Standard on Verification and Adjustment of Sales (2020)."""


@dataclass(frozen=True)
class Rules:
    """Codes and deeds are compared without regard to case. Prices are in US dollars."""

    valid_codes: tuple[str, ...] = ()
    """Arm's-length codes of the county; where given, a sale with another code, or none, is excluded."""
    invalid_codes: tuple[str, ...] = ()
    """Codes of sales that are not at arm's length."""
    excluded_deeds: tuple[str, ...] = _DEEDS
    min_price: int = 10_000
    max_price: int | None = None
    multi_parcel: bool = False
    """Whether sales of several parcels in one are kept."""
    flip_days: int = 365
    """Of two sales so many days apart, the earlier one is excluded when the property was changed since; 0 for never."""
    flip_rise: float = 0.35
    """Of two sales so many days apart (``flip_days``) without a change on record, both are excluded when one price is
    above the other by more than this fraction: no market moves so fast; 0 for never."""
    outlier_iqr: float = 3.0
    """Interquartile ranges beyond the quartiles at which a price per square foot is out; 0 for never."""

    @classmethod
    def parse(cls, given: object, base: Rules | None = None) -> Rules:
        """The rules of a JSON object; what it does not say is as in ``base``. Raises InvalidRules with all faults."""
        if not isinstance(given, dict):
            raise InvalidRules({"": 'Give an object, such as {"min_price": 25000, "valid_codes": ["1"]}.'})
        known = {field.name for field in fields(cls)}
        faults: dict[str, str] = {**keys.unknown(given, sorted(known))}
        values = {field.name: getattr(base or cls(), field.name) for field in fields(cls)}
        for name in known & set(given):
            fits, fault = _KINDS[name]
            if fits(given[name]):
                values[name] = tuple(given[name]) if isinstance(given[name], list) else given[name]
            else:
                faults[name] = fault
        if not faults and values["max_price"] is not None and values["max_price"] < values["min_price"]:
            faults["max_price"] = "The highest price is below the lowest."
        if faults:
            raise InvalidRules(dict(sorted(faults.items())))
        return cls(**values)

    def as_dict(self) -> dict[str, Any]:
        """As JSON holds them."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _whole(value: object, minimum: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and minimum <= value <= 2**53


def _texts(value: object) -> bool:
    return isinstance(value, list) and len(value) <= 1000 and all(isinstance(item, str) for item in value)


def _spread(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100


_LIST = (_texts, 'Give a list of texts, such as ["1", "2"].')
_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "valid_codes": _LIST,
    "invalid_codes": _LIST,
    "excluded_deeds": _LIST,
    "min_price": (_whole, "Give whole dollars from 0 up."),
    "max_price": (lambda value: value is None or _whole(value, 1), "Give whole dollars from 1 up, or null."),
    "multi_parcel": (lambda value: isinstance(value, bool), "Give true or false."),
    "flip_days": (lambda value: _whole(value) and value <= 3660, "Give whole days from 0 to 3660."),
    "flip_rise": (_spread, "Give a fraction from 0 to 100, such as 0.35."),
    "outlier_iqr": (_spread, "Give a number from 0 to 100, such as 3."),
}
