"""Ratio studies, as they are declared: they compare values that exist with sales, and give none."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from terrafusion.jobs.request import InvalidRequest
from terrafusion.records.models import County
from valuation.errors import InvalidStudyDates
from valuation.feasible import lacks_studied_sales
from valuation.methods.registry import Method
from valuation.parameters import STUDY
from valuation.study_dates import settle
from valuation.study_terms import CERTIFIED, CURRENT


def _settle(values: dict[str, Any], county: County, day: date | None) -> date:
    """The valuation date of a study; ``values`` get the days of its sales. Raises ``InvalidRequest``."""
    studied = values["values"]
    given = (values[name] and date.fromisoformat(values[name]) for name in ("sales_from", "sales_to"))
    try:
        dates = settle(county, studied if studied in (CURRENT, CERTIFIED) else uuid.UUID(studied), day, *given)
    except InvalidStudyDates as invalid:
        paths = {name: name if name == "valuation_date" else f"parameters.{name}" for name in invalid.faults}
        raise InvalidRequest({paths[name]: texts for name, texts in invalid.faults.items()}) from None
    values |= {name: getattr(dates, name) and str(getattr(dates, name)) for name in ("sales_from", "sales_to")}
    return dates.valuation_date


RATIO_STUDY = Method(
    name="ratio_study",
    label="Ratio study: values that there are, against sales",
    parameters=STUDY,
    lacks=lacks_studied_sales,
    settle=_settle,
    gives_values=False,
    execute="valuation.run.studying.run",
    sources=("valuation.PropertyValuation", "records.PropertyValueHistory"),
)
