"""Checks of a county's settings by those who apply them.

The records do not know which export formats or parameters there are. A plugin that does registers a check in its
``AppConfig.ready()``; the admin runs them all before it saves.
"""

from __future__ import annotations

from collections.abc import Callable

from terrafusion.records.errors import InvalidRules
from terrafusion.records.models import CountySettings
from terrafusion.records.sales.rules import Rules

Faults = dict[str, str]
Check = Callable[[CountySettings], Faults]
_checks: list[Check] = []


def register(check: Check) -> None:
    """``check`` takes unsaved settings and returns what is wrong, as {field name: message}. Twice is as once."""
    if check not in _checks:
        _checks.append(check)


def faults(settings: CountySettings) -> Faults:
    """What is wrong with the settings; of two faults in one field, the first."""
    problems = _shapes(settings)
    for check in _checks if not problems else []:
        problems = {**check(settings), **problems}
    return problems


def _shapes(settings: CountySettings) -> Faults:
    """The shapes that every check may rely on."""
    problems: Faults = {}
    formats = settings.allowed_formats
    if not isinstance(formats, list) or not all(isinstance(name, str) for name in formats):
        problems["allowed_formats"] = 'Give a list of names, such as ["GeoJSON", "GeoPackage"].'
    if not isinstance(settings.default_parameters, dict):
        problems["default_parameters"] = 'Give an object, such as {"include_assessment_data": true}.'
    if fault := settings.time_zone_fault():
        problems["time_zone"] = fault
    try:
        Rules.parse(settings.sales_screening)
    except InvalidRules as faulty:
        problems["sales_screening"] = " ".join(
            f"{name}: {text}" if name else text for name, text in faulty.faults.items()
        )
    return problems
