"""The analyses there are: what each answers, what it takes, and which fields its layer has. Light to import; the work
is in ``market_analysis.analyses`` and is imported by workers only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from terrafusion.jobs.request import Choice, Choices, Day, Integer, Number, Parameter, Text
from terrafusion.records import parcel_fields
from terrafusion.records.layers import FieldType

if TYPE_CHECKING:
    from market_analysis.analyses.market import AnalysisResult, Market

INDEX_METHODS = (
    "median",
    "hedonic",
    "hedonic_robust",
    "repeat_sales",
    "repeat_sales_robust",
    "case_shiller",
    "case_shiller_robust",
)
CONFIDENCE = Number("confidence", 0.95, "Confidence level of the intervals.", 0.5, 0.999)


@dataclass(frozen=True)
class AnalysisField:
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
    areas: tuple[AnalysisField, ...] = ()
    several_places: bool = False
    """Whether it compares places, so that the whole county as one says nothing."""
    columns: tuple[str, ...] = ()
    """Columns of the sales that it reads, beside those of screening."""

    @property
    def run(self) -> Callable[[Market, dict[str, Any]], AnalysisResult]:
        run: Callable[[Market, dict[str, Any]], AnalysisResult] = import_module(
            f"market_analysis.analyses.{self.name}"
        ).run
        return run


def _min_sales(default: int, of: str) -> Integer:
    return Integer("min_sales", default, f"Fewer sales {of} are withheld: no figure is shown, and why.", 1, 10_000)


_CHARACTERISTICS = tuple(field.name for field in parcel_fields.FIELDS if field.explains)

PRICE_INDEX = Analysis(
    name="price_index",
    title="Price index",
    description="How the market moved: an index by hedonic regression, repeat sales or medians, with intervals and "
    "the sales behind every point. The method changes the answer, so several can be asked for at once.",
    parameters=(
        Choices(
            "methods",
            ["hedonic", "case_shiller", "median"],
            "Which indices. docs/user/market-analysis.md has their formulas.",
            INDEX_METHODS,
        ),
        Choice(
            "shown",
            "auto",
            "The index of the message, the layer and the chart's band: auto for the one that misses holdout resales "
            "by the least, first for the first of methods.",
            ("auto", "first"),
        ),
        Integer(
            "value_tiers",
            3,
            "The index that is shown, also of so many value tiers by what characteristics make a home worth; 1: none.",
            1,
            5,
        ),
        CONFIDENCE,
        _min_sales(3, "in a period"),
    ),
    areas=(
        AnalysisField("method", FieldType.TEXT, "The method that is shown; the summary says why."),
        AnalysisField("period", FieldType.TEXT, "The last period with an index."),
        AnalysisField(
            "index", FieldType.REAL, "Index of that period; the first one of the place is 100.", "", "INDEX_"
        ),
        AnalysisField("low", FieldType.REAL, "Lower end of its interval."),
        AnalysisField("high", FieldType.REAL, "Upper end of its interval."),
        AnalysisField("yearly_change", FieldType.REAL, "Mean change a year, as a fraction.", "", "YR_CHANGE"),
        AnalysisField(
            "shrunk",
            FieldType.REAL,
            "Index shrunk toward that of all places together, the more the less the place's own sales decide; also of "
            "places without an index of their own. Of many small places, map this one.",
        ),
        AnalysisField("shrunk_low", FieldType.REAL, "Lower end of its interval.", "", "SHRUNK_LO"),
        AnalysisField("shrunk_high", FieldType.REAL, "Upper end of its interval.", "", "SHRUNK_HI"),
        AnalysisField("shrunk_period", FieldType.TEXT, "Its period.", "", "SHRUNK_PER"),
        AnalysisField(
            "own_weight",
            FieldType.REAL,
            "How far the place's own index makes it, as a fraction; 0: it is that of all places.",
            "",
            "OWN_WEIGHT",
        ),
    ),
    columns=_CHARACTERISTICS,
)

_RESAMPLES = Integer("resamples", 999, "Bootstrap samples behind the interval of an average.", 99, 9_999)

PRICE_TREND = Analysis(
    name="price_trend",
    title="Price trend",
    description="What is paid: median and average price and price per square foot, by place and period, with "
    "intervals.",
    parameters=(CONFIDENCE, _RESAMPLES, _min_sales(6, "in a period and place")),
    areas=(
        AnalysisField("period", FieldType.TEXT, "The last period with enough sales; the figures are of it."),
        AnalysisField("sales_of_period", FieldType.INTEGER, "Its sales.", short_name="SALES_PER"),
        AnalysisField("median_price", FieldType.REAL, "Median price.", "USD", "MEDIAN"),
        AnalysisField("median_price_low", FieldType.REAL, "Lower end of its interval.", "USD", "MEDIAN_LO"),
        AnalysisField("median_price_high", FieldType.REAL, "Upper end of its interval.", "USD", "MEDIAN_HI"),
        AnalysisField("average_price", FieldType.REAL, "Average price.", "USD", "AVERAGE"),
        AnalysisField("median_price_per_sqft", FieldType.REAL, "Median price per square foot.", "USD", "MED_SQFT"),
        AnalysisField(
            "yearly_change", FieldType.REAL, "Mean change of the price a year, as a fraction.", "", "YR_CHANGE"
        ),
    ),
)

TIME_ADJUSTMENT = Analysis(
    name="time_adjustment",
    title="Time adjustment",
    description="The factor that brings a sale's price to a valuation date, with its interval; what valuations use.",
    parameters=(
        Day("valuation_date", None, "Up to two years past the last sale; without it the end of the period."),
        CONFIDENCE,
    ),
    areas=(
        AnalysisField("factor_of_a_year_before", FieldType.REAL, "Factor of a sale of a year before.", "", "FACTOR_1Y"),
        AnalysisField("low", FieldType.REAL, "Lower end of its interval."),
        AnalysisField("high", FieldType.REAL, "Upper end of its interval."),
    ),
    columns=(*_CHARACTERISTICS, "total_value"),
)

SALES_ACTIVITY = Analysis(
    name="sales_activity",
    title="Sales activity",
    description="How much is sold: volume, velocity, turnover of the stock, share of invalid sales, seasonality.",
    parameters=(),
    areas=(
        AnalysisField("excluded", FieldType.INTEGER, "Sales that screening excluded."),
        AnalysisField("invalid_share", FieldType.REAL, "Their share of all sales, as a fraction.", "", "INVALID"),
        AnalysisField("volume", FieldType.REAL, "Dollars paid in valid sales.", "USD"),
        AnalysisField("sales_per_month", FieldType.REAL, "Valid sales in 30 days.", "", "PER_MONTH"),
        AnalysisField("parcels", FieldType.INTEGER, "Parcels on the roll."),
        AnalysisField("turnover", FieldType.REAL, "Valid sales a year for each parcel, as a fraction."),
    ),
)

HOT_SPOTS = Analysis(
    name="hot_spots",
    title="Hot spots",
    description="Where prices, or assessed values against prices, are high or low: Getis-Ord Gi* and local Moran's I, "
    "corrected for the false discovery rate.",
    parameters=(
        Choice(
            "measure",
            "price_per_sqft",
            "The figure of a place, a median.",
            ("price_per_sqft", "price", "ratio"),
        ),
        Choice(
            "neighbors",
            "touching",
            "Places that touch, or those nearest by their centers.",
            ("touching", "nearest"),
        ),
        Integer("nearest", 8, "How many, where the nearest are asked for.", 1, 50),
        Number("alpha", 0.05, "False discovery rate.", 0.001, 0.2),
        Integer("permutations", 9_999, "Behind the p of Gi* and of local Moran's I.", 99, 99_999),
        _min_sales(5, "in a place"),
    ),
    areas=(
        AnalysisField("value", FieldType.REAL, "The figure."),
        AnalysisField("neighbors", FieldType.INTEGER, "Neighbors with a figure.", short_name="NEIGHBORS"),
        AnalysisField("z", FieldType.REAL, "z of Gi*."),
        AnalysisField("p", FieldType.REAL, "Its two-sided p."),
        AnalysisField("spot", FieldType.TEXT, "hot, cold or none."),
        AnalysisField("moran", FieldType.REAL, "Local Moran's I."),
        AnalysisField("moran_p", FieldType.REAL, "Its two-sided p."),
        AnalysisField("cluster", FieldType.TEXT, "high-high, low-low, high-low, low-high or none."),
    ),
    several_places=True,
    columns=("total_value",),
)

ASPECTS = ("level", "trend", "stock", "turnover")
COMPARABLE_MARKET_AREA = Analysis(
    name="comparable_market_area",
    title="Comparable market areas",
    description="Which places behave like one: their distance in price level, trend, stock and turnover, with reasons.",
    parameters=(
        Text("subject", None, "The place that the others are compared with.", required=True),
        *(Number(f"{name}_weight", 1.0, f"Weight of distance by {name}; 0 omits it.", 0, 100) for name in ASPECTS),
        _min_sales(30, "in a place"),
    ),
    areas=(
        AnalysisField("subject", FieldType.TEXT, "The place that the others are compared with."),
        AnalysisField("rank", FieldType.INTEGER, "0 is the subject, 1 the place most like it.", short_name="RANK_"),
        AnalysisField("distance", FieldType.REAL, "1 is that of two typical places."),
        AnalysisField("price_per_sqft", FieldType.REAL, "Median price per square foot.", "USD", "MED_SQFT"),
        AnalysisField("yearly_change", FieldType.REAL, "Change of the price per square foot a year.", "", "YR_CHANGE"),
        AnalysisField("living_area", FieldType.REAL, "Median living area.", "sqft", "LIV_SQFT"),
        AnalysisField("year_built", FieldType.REAL, "Median year built.", "year", "YEAR_BUILT"),
        AnalysisField("turnover", FieldType.REAL, "Valid sales a year for each parcel."),
        AnalysisField("reasons", FieldType.TEXT, "What it is most alike in, and most apart."),
    ),
    several_places=True,
)

SEGMENTS = Analysis(
    name="segments",
    title="Market segments",
    description="How classes, uses, age bands and value tiers differ in price, growth and activity.",
    parameters=(
        Choices(
            "by",
            ["property_class", "age_band", "value_tier"],
            "What the sales are split by.",
            ("property_class", "use_code", "age_band", "value_tier"),
        ),
        Integer("tiers", 3, "Value tiers.", 2, 10),
        CONFIDENCE,
        _RESAMPLES,
        _min_sales(10, "in a segment"),
    ),
    columns=("use_code",),
)

ANALYSES: dict[str, Analysis] = {
    analysis.name: analysis
    for analysis in (
        PRICE_INDEX,
        PRICE_TREND,
        TIME_ADJUSTMENT,
        SALES_ACTIVITY,
        HOT_SPOTS,
        COMPARABLE_MARKET_AREA,
        SEGMENTS,
    )
}
STEPS = ("month", "quarter", "year")
