"""A parcel's sheet: all that a run says about its value, for the counter, the hearing and the printed card.

Plain JSON values, no personal data. Dollars are whole; each list of amounts adds up to the figure that it explains.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from terrafusion.records import parcel_fields
from terrafusion.records.models import PropertyOperational
from valuation import flags, methods
from valuation.labels import label, unit
from valuation.land.sources import MEANINGS
from valuation.models import DecidedValue, PropertyValuation, ValuationJob

_BATCH = 500
_SHOWN = tuple(field.name for field in parcel_fields.FIELDS if field.sheet)
_LAST = ("combined_effects",)


def sheet(valuation: PropertyValuation) -> dict[str, Any]:
    """The sheet of one value."""
    return next(sheets([valuation]))


def sheets(valuations: QuerySet[PropertyValuation] | Iterable[PropertyValuation]) -> Iterator[dict[str, Any]]:
    """The sheets of many, in their order, with a constant number of queries for each ``_BATCH`` of them."""
    rows = valuations.iterator(_BATCH) if isinstance(valuations, QuerySet) else iter(valuations)
    decided = DecidedValue.objects.select_related("decision__decided_by").order_by("decision__decided_at")
    while batch := list(_take(rows)):
        prefetch_related_objects(batch, "property", "job", Prefetch("decisions", decided))
        addresses = _addresses(batch)
        for row in batch:
            yield _sheet(row, addresses)


def _take(rows: Iterator[PropertyValuation]) -> Iterator[PropertyValuation]:
    for _, row in zip(range(_BATCH), rows, strict=False):
        yield row


def _addresses(batch: list[PropertyValuation]) -> dict[str, str]:
    """Of the comparables' parcels, which are of the same county."""
    numbers = {comparable["parcel_number"] for row in batch for comparable in row.comparables}
    if not numbers:
        return {}
    parcels = PropertyOperational.objects.filter(county=batch[0].county_id, parcel_number__in=numbers)
    return dict(parcels.values_list("parcel_number", "situs_address"))


def _sheet(row: PropertyValuation, addresses: dict[str, str]) -> dict[str, Any]:
    job, stands = row.job, row.stands
    change = None if stands is None or row.previous_value is None else stands - row.previous_value
    return {
        "county_id": row.county_id,
        "parcel_number": row.parcel_number,
        "parcel": {name: getattr(row.property, name) for name in _SHOWN},
        "job_id": str(job.pk),
        "valuation_method": job.valuation_method,
        "valuation_date": job.valuation_date.isoformat(),
        "model_id": str(job.model_id) if job.model_id else None,
        "value": stands,
        "proposed_value": row.value,
        "interval": _interval(row, job),
        "land_value": row.stands_land,
        "land_source": _land_source(row),
        "improvement_value": row.stands_improvement,
        "previous_value": row.previous_value,
        "change": change,
        "change_percent": round(100 * change / row.previous_value, 1) if change and row.previous_value else None,
        "flags": flags.described(row.flags),
        "approaches": [_approach(stored) for stored in row.approaches],
        "comparables": [_comparable(stored, addresses, job) for stored in row.comparables],
        "rates": _rates(row, job),
        "reasons_explain": _explained(row),
        "reasons": [{"name": name, "label": label(name), "amount": amount} for name, amount in _by_size(row.reasons)],
        "evaluation": (job.result_summary.get("evaluation") or {}).get("overall"),
        "state": row.state,
        "effective_date": row.effective_date.isoformat() if row.effective_date else None,
        "tax_year": row.tax_year,
        "decisions": [_decision(stored) for stored in row.decisions.all()],
    }


def _by_size(reasons: dict[str, int]) -> list[tuple[str, int]]:
    """Where it begins, then the largest first, the rounding last: the database keeps no order of keys."""
    places = {"base": 0, "rounding": 2}
    return sorted(reasons.items(), key=lambda one: (places.get(one[0], 1), -abs(one[1]), one[0]))


def _explained(row: PropertyValuation) -> dict[str, Any] | None:
    """The approach whose value the reasons add up to: the model's, also where it is only a part of what stands."""
    for stored in row.approaches if row.reasons else []:
        method = methods.find(stored["approach"])
        if method and method.explains:
            return {"approach": stored["approach"], "value": stored["value"]}
    return None


def _land_source(row: PropertyValuation) -> dict[str, str] | None:
    """What the land value rests on, or why there is none."""
    code = row.land_source
    return {"code": code, "meaning": MEANINGS.get(code, code)} if code else None


def _interval(row: PropertyValuation, job: ValuationJob) -> dict[str, Any] | None:
    if row.value_low is None:
        return None
    return {"low": row.value_low, "high": row.value_high, "confidence": job.resolved.get("confidence", 0.9)}


def _approach(stored: dict[str, Any]) -> dict[str, Any]:
    shown = {**stored, "flags": flags.described(stored.get("flags", ()))}
    if lines := stored.get("lines"):
        method = methods.find(stored["approach"])
        order = method.lines if method else lines
        shown["lines"] = {name: lines[name] for name in order if name in lines}  # the database keeps no order
    if "refused" in stored:
        shown["refused"] = flags.described([stored["refused"]])[0]
    return shown


def _comparable(stored: dict[str, Any], addresses: dict[str, str], job: ValuationJob) -> dict[str, Any]:
    sources = job.result_summary.get("adjustment_sources", {})
    lines = [_adjustment(name, figures, sources.get(name, "")) for name, figures in stored["adjustments"].items()]
    lines.sort(key=lambda line: (line["name"] in _LAST, -abs(line["amount"]), line["name"]))
    return {**stored, "situs_address": addresses.get(stored["parcel_number"], ""), "adjustments": lines}


def _rates(row: PropertyValuation, job: ValuationJob) -> list[dict[str, Any]]:
    """The market's rates of the lines on the sheet: of each size band the dollars for a unit more, at the price level
    of the parcel's comparables, with their standard error. Empty for runs before they were kept."""
    levels = (lines["price_level"] for one in row.approaches if "price_level" in (lines := one.get("lines", {})))
    level = next(levels, None)
    shown = {name for one in row.comparables for name in one["adjustments"]}
    return [
        {
            "name": entry["name"],
            "label": label(entry["name"]),
            "per": unit(entry["name"]),
            "bands": [{**band, **_dollars(band, level)} for band in entry["bands"]],
        }
        for entry in job.result_summary.get("adjustment_rates", [])
        if entry["name"] in shown
    ]


def _dollars(band: dict[str, Any], level: float | None) -> dict[str, float | None]:
    names = {"rate": "percent", "rate_error": "error"}
    return {name: None if level is None else round(band[of] / 100 * level, 4) for name, of in names.items()}


def _adjustment(name: str, figures: list[Any], source: str) -> dict[str, Any]:
    subject, comparable, amount, rate, error = [*figures, None, None][:5]  # runs before rates were kept have three
    return {
        "name": name,
        "label": label(name),
        "subject": subject,
        "comparable": comparable,
        "amount": amount,
        "rate": rate,
        "rate_error": error,
        "per": None if rate is None else unit(name),
        "source": source,
    }


def _decision(stored: DecidedValue) -> dict[str, Any]:
    decision = stored.decision
    return {
        "step": decision.step,
        "by": decision.decided_by.get_username(),
        "at": decision.decided_at.isoformat(),
        "reason": decision.reason,
        "value_before": stored.value_before,
        "value_after": stored.value_after,
    }
