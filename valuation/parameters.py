"""The parameters that methods share, and those of a study. Each method declares its own (``valuation.methods``)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from terrafusion import words
from terrafusion.jobs.request import (
    SCREENING,
    Boolean,
    Choice,
    Context,
    Day,
    Integer,
    InvalidRequest,
    Number,
    Parameter,
)
from terrafusion.jobs.request.parameter import Schema
from valuation import values
from valuation.models import ValuationModel
from valuation.study_terms import CERTIFIED, CURRENT, PropertyKind


@dataclass(frozen=True)
class StudiedValues(Parameter):
    """The values of a study: their name, or the id of a run of the county that has some."""

    def parse(self, value: object, context: Context) -> str:
        if value in (CURRENT, CERTIFIED):
            return str(value)
        key, county = as_uuid(value), context.county
        if key is None or (county and not values.valuing_jobs(county).filter(pk=key).exists()):
            where = f" of {county.pk}" if county else ""
            raise InvalidRequest(f"Give current, certified, or the id of a completed valuation job{where}.")
        return str(key)

    def value_schema(self) -> Schema:
        return {"type": "string", "maxLength": 36}


@dataclass(frozen=True)
class StoredModel(Parameter):
    """The id of a trained model of the county."""

    def parse(self, value: object, context: Context) -> str:
        key = as_uuid(value)
        if key is None:
            raise InvalidRequest("Give the id of a model: GET models lists them.")
        if context.county and not ValuationModel.objects.filter(pk=key, county=context.county).exists():
            raise InvalidRequest(words.unknown(f"model of {context.county.pk}:", str(key)))
        return str(key)

    def value_schema(self) -> Schema:
        return {"type": "string", "format": "uuid"}


def as_uuid(value: object) -> uuid.UUID | None:
    """The UUID of a text; None for all else."""
    try:
        return uuid.UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


_ANY = (SCREENING, Integer("seed", 0, "Seed of all that is random.", 0, 2**31 - 1))
VALUING = (
    *_ANY,
    Number("confidence", 0.90, "Confidence level of the intervals: of ten prices, 0.9 holds nine.", 0.5, 0.99),
)
CALIBRATE = Boolean("calibrate", False, "Bring cost to the level of the county's sales, by class and neighborhood.")
MODELED = (
    *VALUING,
    Integer("comparables", 5, "Comparable sales shown with each parcel; 0 for none.", 0, 12),
    StoredModel("model", None, "A trained model of the county and date to use again (GET models)."),
)
STUDY = (
    *_ANY,
    StudiedValues(
        "values", CURRENT, "The values to study: current (the roll's), certified, or the id of a valuation job."
    ),
    Day(
        "sales_from",
        None,
        "Sales from this day on; default: the valuation date, or the year before it where no sale is later.",
    ),
    Day("sales_to", None, "Sales up to this day; default: all."),
    Choice(
        "property_kind",
        None,
        "Decides which COD the IAAO accepts; without it, the kind of each class does (see the county's setting "
        "assessment_classes).",
        [kind.value for kind in PropertyKind],
    ),
)
