"""The same study a year earlier, two, and more: what the values on record then were beside the sales of then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from valuation import study_values
from valuation.studies import StudySales, Wanted
from valuation.study_groups import one
from valuation.study_terms import CERTIFIED
from valuation.study_year import Year

YEARS = 4
_RESAMPLES = 200


def earlier(wanted: Wanted, market: StudySales, last_sale: date) -> Iterator[Year]:
    """The years before the study's, the latest first; those without a value on record or a sale are left out.

    Values are the certified ones of then for a study of certified values, otherwise those on record then.
    """
    for back in range(1, YEARS + 1):
        day = _back(wanted.valuation_date, back)
        values = study_values.in_effect(wanted.county_id, day, certified=wanted.values == CERTIFIED)
        if not len(values):
            return
        first, last = _back(wanted.sales_from or wanted.valuation_date, back), _back(wanted.sales_to or last_sale, back)
        studied = market.study_input(day, first, values, last)
        if len(studied.sales):
            yield Year(day, first, one(studied.sales, wanted.classes(), resamples=_RESAMPLES))


def _back(day: date, years: int) -> date:
    """The same day so many years earlier; February 28 for a leap day."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)
