"""The analyses there are: what each answers, what it takes, and which fields its layer has. Light to import; the work
is in ``market_analysis.analyses`` and is imported by workers only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from market_analysis.parameters import Choices, Parameter, Real, Whole
from terrafusion.records.layers import FieldType

if TYPE_CHECKING:
    from market_analysis.analyses.market import Market, Result

INDEX_METHODS = (
    "median",
    "hedonic",
    "hedonic_robust",
    "repeat_sales",
    "repeat_sales_robust",
    "case_shiller",
    "case_shiller_robust",
)
CONFIDENCE = Real("confidence", 0.95, "Of the intervals.", 0.5, 0.999)


@dataclass(frozen=True)
class AreaField:
    """A field of the layer that shows an analysis, one feature a place."""

    name: str
    type: FieldType
    description: str
    unit: str = ""
    short_name: str = ""


@dataclass(frozen=True)
class Analysis:
    """``module`` has ``run(market, parameters) -> Result``. ``areas`` are the fields of its layer ``market_<name>``."""

    name: str
    title: str
    description: str
    parameters: tuple[Parameter, ...]
    areas: tuple[AreaField, ...] = ()
    several_places: bool = False
    """Whether it compares places, so that the whole county as one says nothing."""
    columns: tuple[str, ...] = ()
    """Columns of the sales that it reads, beside those of screening."""

    @property
    def run(self) -> Callable[[Market, dict[str, Any]], Result]:
        run: Callable[[Market, dict[str, Any]], Result] = import_module(f"market_analysis.analyses.{self.name}").run
        return run


def _fewest(default: int, of: str) -> Whole:
    return Whole("fewest_sales", default, f"Fewer sales {of} are withheld: no figure is shown, and why.", 1, 10_000)


_CHARACTERISTICS = (
    "use_code",
    "neighborhood",
    "lot_area_sqft",
    "effective_year_built",
    "quality",
    "condition",
    "stories",
    "bedrooms",
    "bathrooms",
)

PRICE_INDEX = Analysis(
    name="price_index",
    title="Price index",
    description="How the market moved: an index by hedonic regression, repeat sales or medians, with intervals and "
    "the sales behind every point. The method changes the answer, so several can be asked for at once.",
    parameters=(
        Choices(
            "methods",
            ["hedonic", "case_shiller", "median"],
            "Which indices, the chart's first. docs/user/market-analysis.md has their formulas.",
            INDEX_METHODS,
        ),
        CONFIDENCE,
        _fewest(3, "in a period"),
    ),
    areas=(
        AreaField("method", FieldType.TEXT, "The first of the methods asked for."),
        AreaField("period", FieldType.TEXT, "The last period with an index."),
        AreaField("index", FieldType.REAL, "Index of that period; the first one of the place is 100.", "", "INDEX_"),
        AreaField("low", FieldType.REAL, "Lower end of its interval."),
        AreaField("high", FieldType.REAL, "Upper end of its interval."),
        AreaField("yearly_change", FieldType.REAL, "Mean change a year, as a fraction.", "", "YR_CHANGE"),
    ),
    columns=_CHARACTERISTICS,
)

ANALYSES: dict[str, Analysis] = {analysis.name: analysis for analysis in (PRICE_INDEX,)}
STEPS = ("month", "quarter", "year")
