"""What a run's values depend on."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any

from django.apps import apps

from terrafusion import __version__
from terrafusion.jobs.dispatch import digest
from terrafusion.records import versions
from terrafusion.records.models import CountySettings, PropertyOperational, Sale
from valuation import methods
from valuation.models import SCHEDULES, ValuationJob, ValuationModel

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
            _software(methods.get(job.valuation_method).libraries),
        ]
    )


def _model(job: ValuationJob) -> str:
    """The bytes of the stored model that the run is to use: its id alone would stand for whatever the row holds."""
    models = ValuationModel.objects.filter(pk=job.resolved.get("model"), county=job.county_id)
    return models.values_list("artefact_sha256", flat=True).first() or ""


def _sources(job: ValuationJob) -> list[str]:
    method = methods.get(job.valuation_method)
    read: list[Any] = [PropertyOperational, Sale]
    if method.gives_values:
        read += SCHEDULES.values()
    read += map(apps.get_model, method.sources)
    return [versions.source(model, job.county_id) for model in read]


@cache
def _software(libraries: tuple[str, ...]) -> list[str]:
    return [__version__, *map(version, (*_LIBRARIES, *libraries))]
