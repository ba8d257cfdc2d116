"""What a ratio study's terms mean, for a reader who has never seen one. Pure."""

from __future__ import annotations

from reporting.document import blocks as b
from terrafusion.tables import Column, Kind
from valuation.ratio.ranges import EDITION

_TERMS = (
    ("Ratio", "The value of a property over its sale price, brought to the valuation date."),
    ("Level", "The share of market value that values should be at by law; 1 where nothing else is set."),
    ("Median ratio", "The ratio in the middle: half of the sales have a higher one. It shows the level of assessment."),
    ("Mean ratio", "The average of the ratios. A few extreme ones move it."),
    ("Weighted mean ratio", "The sum of the values over the sum of the prices: each dollar counts the same."),
    ("COD", "Coefficient of dispersion: the average distance of a ratio from the median, in percent of the median."),
    ("PRD", "Price-related differential: mean over weighted mean. Above 1, expensive properties are valued lower."),
    ("PRB", "Price-related bias: by what share the ratio changes when the worth of a property doubles."),
    ("MKI, KI", "Kakwani indices: how concentrated values are among expensive properties, compared with prices."),
    ("VEI", "Vertical equity index: the median of the most expensive tier less that of the least, in percent of all."),
    ("Worth", "Half the price and half the value at the level of the market: a measure that favors neither."),
    ("Decile", "A tenth of the sales in the order of the values. Even values have one median in all ten."),
    ("Interval", "Where the figure would be in 95 of 100 studies of other sales of the same market."),
    ("Factor", "The level over the median: what values would be multiplied by to bring their median to the level."),
    ("Extremes", "Ratios more than three inter-quartile ranges beyond the quartiles."),
)


def definitions() -> b.Table:
    columns = (Column("term", Kind.TEXT, "Term", width=22), Column("meaning", Kind.TEXT, "Meaning", width=80))
    note = (
        f"Formulas, ranges and decimals are of the {EDITION}; figures are assessed as they are printed. The MKI and KI "
        "are of Quintos (2020), the VEI and its tiers of the exposure draft of the standard's next edition."
    )
    return b.Table("definitions", "", columns, list(_TERMS), note=note)
