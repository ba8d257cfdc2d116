"""Values of parcels as they were on a date, and parcels whose values have changed since one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from django.db.models import Q
from django.db.models.expressions import RawSQL

from gis_export.parameters.base import ExportContext, ExportParameter
from gis_export.selection import Join, LayerSelection, literal_sql
from terrafusion.jobs.request import Day, InvalidRequest
from terrafusion.records import values
from terrafusion.records.layers import LayerField

LAYER = "parcels"
"""The layer whose rows have a history of values."""


class DateParameter(ExportParameter[str | None], Day):
    """Effective: the date as ISO 8601, None for none."""

    about_layers = True

    def parse(self, value: object, context: ExportContext) -> str:
        day = super().parse(value, context)
        if LAYER not in [layer.name for layer in context.layers]:
            raise InvalidRequest(f"It applies to {LAYER} only: add them to layers.")
        return day

    def adopt(self, value: object, context: ExportContext) -> object:
        """A county's default counts for the layer that it is about."""
        return self.check(value, context) if LAYER in [layer.name for layer in context.layers] else None


class AsOf(DateParameter):
    def apply(self, value: str | None, selection: LayerSelection) -> LayerSelection:
        if value is None or selection.layer.name != LAYER:
            return selection
        day = date.fromisoformat(value)

        def then(field: LayerField) -> LayerField:
            if field.name not in values.COLUMNS:
                return field
            return replace(field, expression=values.value_in_effect(field.name, day))

        # Conditions ask each record by the expression; the columns of the file come from one join.
        layer = replace(selection.layer, fields=tuple(map(then, selection.layer.fields)))
        join = Join(
            literal_sql(values.in_effect(selection.county.pk, day)),
            "property_id",
            tuple(field for field in layer.fields if field.name in values.COLUMNS),
            unmatched=f"Records had no value on {day}: theirs are absent.",
        )
        return replace(
            selection,
            layer=layer,
            fields=tuple(map(then, selection.fields)),
            joins=(*selection.joins, join),
            as_of=day,
        )


class ChangedSince(DateParameter):
    def parse(self, value: object, context: ExportContext) -> str:
        since, as_of = super().parse(value, context), context.values.get("as_of")
        if as_of is not None and since >= as_of:
            raise InvalidRequest(f"The date must be before as_of, {as_of}.")
        return since

    def apply(self, value: str | None, selection: LayerSelection) -> LayerSelection:
        if value is None or selection.layer.name != LAYER:
            return selection
        county = selection.county.pk
        now = literal_sql(values.in_effect(county, selection.as_of))
        then = literal_sql(values.in_effect(county, date.fromisoformat(value)))
        compared = [", ".join(f"{side}.{column}" for column in values.AMOUNTS) for side in ("now", "past")]
        changed = (
            f"SELECT now.property_id FROM ({now}) AS now LEFT JOIN ({then}) AS past USING (property_id) "
            f"WHERE ({compared[0]}) IS DISTINCT FROM ({compared[1]})"
        )
        condition = Q(pk__in=RawSQL(changed.replace("%", "%%"), []))  # noqa: S611 - of querysets, with no text of a caller
        return replace(selection, condition=selection.condition & condition)


AS_OF = AsOf(
    "as_of",
    None,
    "Assessed values of parcels as they were in effect on that date, by the value history; all else is as it is now. "
    "By default the values of the present roll.",
)
CHANGED_SINCE = ChangedSince(
    "changed_since",
    None,
    "Only parcels whose assessed values now, or on as_of, differ from those in effect on that date, by the value "
    "history; those first valued later are among them. By default all.",
)
