"""Reads what a tax projection is made of."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from reporting.reports.base import Content, Report, Request
from reporting.reports.levy.build import District, build
from reporting.reports.parcels import nothing_there, unknown
from reporting.reports.runs import ValuationRun
from terrafusion.jobs.request import Each, Number, Object, Text
from terrafusion.records.models import ReferenceFeature, ReferenceLayer
from terrafusion.records.versions import source
from terrafusion.words import counted
from valuation import values
from valuation.models import ValuationJob

_SUMS = """
SELECT d.feature_key, count(*), coalesce(sum(greatest(p.total_value - coalesce(p.exemptions, 0), 0)), 0),
       coalesce(sum(greatest(coalesce(v.stands, p.total_value) - coalesce(p.exemptions, 0), 0)), 0)
FROM records_propertyoperational p
CROSS JOIN LATERAL (SELECT f.feature_key FROM records_referencefeature f
                    WHERE f.layer_id = %(layer)s AND ST_Covers(f.geometry, p.point)
                    ORDER BY f.feature_key LIMIT 1) d
LEFT JOIN (SELECT property_id, coalesce(override_value, value) AS stands FROM valuation_propertyvaluation
           WHERE job_id = %(job)s AND state <> 'rejected') v ON v.property_id = p.id
WHERE p.county_id = %(county)s AND (p.total_value IS NOT NULL OR v.stands IS NOT NULL)
GROUP BY d.feature_key
"""
_MEDIAN = (
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total_value) FROM records_propertyoperational "
    "WHERE county_id = %s AND total_value > 0"
)


RATE = "dollars for each 1,000 of taxable value"
LEVY = Object(
    "levy",
    None,
    "A district and its rate.",
    (
        Text("district", None, "The key of the district's feature.", required=True),
        Text("name", "", "What the report calls the district; without it, the key."),
        Number("rate", None, "The rate of the levy.", 0, 1_000, unit=RATE, required=True),
    ),
    required=True,
)

LEVY_PARAMETERS = (
    Text("district_layer", None, "The reference layer of taxing districts.", 40, label="Districts", required=True),
    Each("levies", None, "The districts and their rates.", LEVY, 1_000, 1, label="Rates", required=True),
    ValuationRun(
        "valuation_job",
        None,
        'Projected values are those of a completed run, or of the "latest".',
        label="Valuation run",
    ),
    Number(
        "value_change_percent",
        0.0,
        "Applied to the projected values, of the run or on record.",
        -90,
        500,
        label="Change of values in percent",
        unit="percent",
    ),
    Number(
        "levy_limit_percent",
        None,
        "By how much a levy may grow; without it, there is no limit.",
        0,
        1_000,
        label="Levy limit in percent",
        unit="percent",
    ),
    Number("rate_limit", None, "Without it, there is no limit.", 0, 1_000, label="Highest rate", unit=RATE),
)


class TaxProjection(Report):
    name = "tax_projection"
    title = "Tax projection"
    description = "Levy rates by district times projected values, within the levy limits that are given."
    parameters = LEVY_PARAMETERS
    takes_area = False
    landscape = True

    def check(self, request: Request) -> dict[str, list[str]]:
        faults = nothing_there(request)
        if faults:
            return faults
        layers = ReferenceLayer.objects.filter(county=request.county, geometry_type="MultiPolygon")
        wanted = request.values["district_layer"]
        missing = unknown([wanted], layers.values_list("name", flat=True), "layer of areas", request.county.pk)
        if missing:
            return {"parameters.district_layer": missing}
        keys = ReferenceFeature.objects.filter(layer=layers.get(name=wanted)).values_list("feature_key", flat=True)
        given = [levy["district"] for levy in request.values["levies"]]
        missing = unknown(given, keys, f"district in {wanted}", request.county.pk)
        if len(set(given)) < len(given):
            missing.append("Name each district once.")
        return {"parameters.levies": missing} if missing else {}

    def estimate(self, request: Request) -> int:
        return 0

    def sources(self, request: Request) -> tuple[str, ...]:
        layer = self._layer(request)
        return (*super().sources(request), source(ReferenceLayer, layer.pk), source(ReferenceFeature, layer.pk))

    def read(self, request: Request, now: datetime) -> Content:
        asked = request.values
        job = ValuationJob.objects.get(pk=asked["valuation_job"]) if asked["valuation_job"] else None
        change = 1 + asked["value_change_percent"] / 100
        with connection.cursor() as cursor:
            job_id = values.made_by(job) if job else None
            cursor.execute(_SUMS, {"layer": self._layer(request).pk, "job": job_id, "county": request.county.pk})
            sums = {key: (count, float(now_), float(then)) for key, count, now_, then in cursor.fetchall()}
            cursor.execute(_MEDIAN, [request.county.pk])
            (home,) = cursor.fetchone()
        districts = []
        for levy in asked["levies"]:
            count, taxable, projected = sums.get(levy["district"], (0, 0.0, 0.0))
            name = levy.get("name") or levy["district"]
            districts.append(District(name, count, taxable, projected * change, levy["rate"]))
        basis = f"Projected values: {f'those of the valuation run {job.pk}' if job else 'those on record'}"
        basis += f", {asked['value_change_percent']:+g} percent." if asked["value_change_percent"] else "."
        limit = asked["levy_limit_percent"]
        return Content(
            blocks=build(districts, None if limit is None else limit / 100, asked["rate_limit"], basis, home),
            subtitle=f"{counted(len(districts), 'district')} of {self._layer(request).title}",
            rows=len(districts) * 15,
        )

    @staticmethod
    def _layer(request: Request) -> ReferenceLayer:
        return ReferenceLayer.objects.get(county=request.county, name=request.values["district_layer"])
