"""Example tables, to try cost and income on: no county's own.

Costs, lives and rents are made up, of the right size for houses in Seattle. The land is derived from the demo county's
public sales by the residual method, for each January from 2011 to 2017: by assessor's area and use, the median of what
the sales of the year before, brought to that day, were paid above the building's cost less depreciation (few sales are
shrunk toward the county's median); what a square foot more or less adds is the slope within areas.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from terrafusion.records.loading import LoadError, LoadReport, Options
from valuation.models import SCHEDULES
from valuation.schedules.loading import load_schedule

FOLDER = Path(__file__).resolve().parent.parent / "examples"
SOURCE = "Example of TerraFusion, no county's own figures"


def load_examples(county_id: str) -> Iterator[LoadReport]:
    """Load the examples, marked as such. Refused (``LoadError``) where the county has tables of its own: a value must
    not come to rest on an example unnoticed."""
    for kind, model in SCHEDULES.items():
        if model._default_manager.filter(county=county_id, is_example=False).exists():
            raise LoadError(f"{county_id} has a table of {kind} of its own: examples are not mixed with it.")
    for kind in SCHEDULES:
        yield load_schedule(county_id, kind, FOLDER / f"{kind}.csv", Options(source=SOURCE), replaces=True)
