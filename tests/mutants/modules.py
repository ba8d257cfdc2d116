"""The core: each module, and the tests that are to notice a fault in it. Pure modules first, as they are quick."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Module:
    """``tests``: files, as pytest takes them."""

    path: str
    tests: tuple[str, ...]


MODULES = (
    Module("valuation/ratio/measures.py", ("tests/valuation/test_ratio_measures.py",)),
    Module("valuation/ratio/intervals.py", ("tests/valuation/test_ratio_intervals.py",)),
    Module(
        "valuation/intervals.py",
        ("tests/valuation/methods/test_intervals.py", "tests/valuation/test_ratio_intervals.py"),
    ),
    Module("market_analysis/stats/intervals.py", ("tests/market_analysis/test_intervals.py",)),
    Module("market_analysis/stats/least_squares.py", ("tests/market_analysis/test_least_squares.py",)),
    Module("gis_export/formats/boxes.py", ("tests/gis_export/test_boxes.py",)),
    Module(
        "terrafusion/records/loading/convert.py",
        ("tests/records/loading/test_convert.py", "tests/records/loading/test_convert_types.py"),
    ),
    Module("terrafusion/jobs/states.py", ("tests/jobs/test_transitions.py",)),
    Module("terrafusion/jobs/queryset.py", ("tests/jobs/test_transitions.py",)),
    Module("terrafusion/records/access.py", ("tests/rights/test_roles.py",)),
    Module("terrafusion/jobs/rights.py", ("tests/rights/test_needs.py",)),
    Module("terrafusion/records/conditions/tree.py", ("tests/gis_export/test_where.py",)),
    Module(
        "terrafusion/areas/coordinates.py", ("tests/gis_export/test_areas.py", "tests/gis_export/test_areas_drawn.py")
    ),
    Module("reporting/render/xlsx.py", ("tests/reporting/test_xlsx.py",)),
)
