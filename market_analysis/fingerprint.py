"""What the result of an analysis depends on."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

from market_analysis import geography
from market_analysis.errors import GeographyError
from market_analysis.models import MarketAnalysisJob
from terrafusion import __version__
from terrafusion.jobs.dispatch import digest
from terrafusion.records import versions
from terrafusion.records.models import PropertyOperational, Sale

# Whose version can change a figure or a byte.
_STATISTICS = ("numpy", "pandas", "scipy", "statsmodels", "libpysal", "esda")
_FILES = ("vl-convert-python", "XlsxWriter", "pyarrow")


def fingerprint(job: MarketAnalysisJob) -> str:
    """Of a saved or unsaved job; empty where its geography is no more.

    Rights do not count: whether who asks may read a result is asked of that result. The day of the request counts only
    where no end is asked for: with one, no later sale is looked at.
    """
    try:
        place = geography.parse(job.geography, job.county, personal=True)
    except GeographyError:
        return ""
    resolved = dict(job.resolved)
    if job.period_to:
        del resolved["as_of"]
    sources = [versions.source(model, job.county_id) for model in (Sale, PropertyOperational)]
    return digest(
        [
            job.county_id,
            job.county.state_plane_srid,
            job.analysis_type,
            job.geography,
            job.property_classes,
            str(job.period_from),
            str(job.period_to),
            job.period_step,
            job.area_of_interest.hexewkb.decode() if job.area_of_interest else None,
            resolved,
            versions.of([*sources, *place.sources]),
            _software(),
        ]
    )


@cache
def _software() -> list[str]:
    return [__version__, *map(version, _STATISTICS + _FILES)]
