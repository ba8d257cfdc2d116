"""Whether the assessed values go out, and with them the latest sound sale."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Value

from gis_export.parameters.base import ExportParameter
from gis_export.selection import Join, LayerSelection
from terrafusion.jobs.request import Boolean
from terrafusion.records.county_time import today
from terrafusion.records.layers import FieldType, LayerField
from terrafusion.records.models import County
from terrafusion.records.sales.frame import rules_of
from terrafusion.records.sales.latest import latest
from terrafusion.records.sales.rules import Rules

LAYER = "parcels"
"""The layer whose rows have sales."""
_JOINED = Value(None)  # the join's columns are read, and no expression
SALE_FIELDS = (
    LayerField("last_valid_sale_id", FieldType.TEXT, _JOINED, width=60, short_name="LVS_ID"),
    LayerField("last_valid_sale_date", FieldType.DATE, _JOINED, short_name="LVS_DATE"),
    LayerField("last_valid_sale_price", FieldType.INTEGER, _JOINED, unit="USD", total=True, short_name="LVS_PRICE"),
    LayerField("last_valid_sale_deed", FieldType.TEXT, _JOINED, width=20, short_name="LVS_DEED"),
)


class IncludeAssessmentData(ExportParameter[bool | None], Boolean):
    """Effective: true, false, or None where nobody asked: then the values go out, and no sale."""

    def apply(self, value: bool | None, selection: LayerSelection) -> LayerSelection:
        if value is None or (value and selection.layer.name != LAYER):
            return selection
        if not value:
            return replace(selection, fields=tuple(field for field in selection.fields if not field.assessment))
        inputs = selection.effective_inputs[self.name]
        day = date.fromisoformat(inputs["as_of"])
        statement = latest(selection.county.pk, Rules.parse(inputs["rules"]), day)
        join = Join(statement.as_string(connection.connection), "property_id", SALE_FIELDS)
        return replace(selection, joins=(*selection.joins, join))

    def depends_on(self, resolved: dict[str, Any], county: County) -> dict[str, Any] | None:
        """The screening: its rules are the county's own, and its day is today where ``as_of`` says no other."""
        if resolved.get(self.name) is not True:
            return None
        return {"rules": rules_of(county.pk).as_dict(), "as_of": resolved.get("as_of") or today(county).isoformat()}


INCLUDE_ASSESSMENT_DATA = IncludeAssessmentData(
    "include_assessment_data",
    None,
    "true adds to parcels the latest sale that the county's screening rules take for the market's, as of today or "
    "as_of; false leaves out the assessed values, unless fields names them. By default the values go out without a "
    "sale.",
)
