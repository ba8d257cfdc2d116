"""What a run's values depend on."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any

from terrafusion import __version__
from terrafusion.jobs.dispatch import digest
from terrafusion.records import versions
from terrafusion.records.models import CountySettings, PropertyOperational, PropertyValueHistory, Sale
from valuation.models import SCHEDULES, Method, PropertyValuation, ValuationJob, ValuationModel

_LIBRARIES = ("lightgbm", "numpy", "pandas", "scipy", "statsmodels", "pyarrow")


def fingerprint(job: ValuationJob) -> str:
    """Of a saved or unsaved job."""
    settings = CountySettings.of(job.county_id)
    return digest(
        [
            job.county_id,
            job.valuation_method,
            str(job.valuation_date),
            job.scope,
            job.area_of_interest.hexewkb.decode() if job.area_of_interest else None,
            job.parameters,
            job.resolved,
            _model(job),
            settings.value_rounding,
            settings.sales_screening,
            settings.assessment_classes,
            settings.monotone_characteristics,
            settings.land_shares,
            versions.of(_sources(job)),
            _software(),
        ]
    )


def _model(job: ValuationJob) -> str:
    """The bytes of the stored model that the run is to use: its id alone would stand for whatever the row holds."""
    models = ValuationModel.objects.filter(pk=job.resolved.get("model"), county=job.county_id)
    return models.values_list("artefact_sha256", flat=True).first() or ""


def _sources(job: ValuationJob) -> list[str]:
    read: list[Any] = [PropertyOperational, Sale]
    if job.valuation_method == Method.RATIO_STUDY:
        read += [PropertyValuation, PropertyValueHistory]
    else:
        read += SCHEDULES.values()
    return [versions.source(model, job.county_id) for model in read]


@cache
def _software() -> list[str]:
    return [__version__, *map(version, _LIBRARIES)]
