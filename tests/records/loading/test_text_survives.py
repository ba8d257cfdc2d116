"""Any text of any source survives COPY, or the row is refused with a reason; numbers survive to the last bit."""

from __future__ import annotations

import gzip
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terrafusion.records.models import County, PropertyOperational, ReferenceFeature
from tests.records.loading import files

HARD = ["\\N", "\\.", "\t", "a\r\nb", "\r", '"', '""', "'", "NULL", "\\", "{}", ",", " x ", "\u2028", "😀"]
TEXTS = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=60) | st.sampled_from(HARD),
    min_size=1,
    max_size=20,
)
NUMBERS = st.lists(
    st.tuples(
        st.floats(min_value=0, allow_infinity=False, allow_nan=False), st.integers(min_value=0, max_value=8 * 10**15)
    ),
    min_size=1,
    max_size=10,
)
FAST = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _load(county: County, layer: str, columns: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files.load(county, layer, files.write(Path(folder) / "x.gpkg", columns, layer="x"), source="test")


@FAST
@given(TEXTS)
def test_texts_of_parcels(king: County, texts: list[str]) -> None:
    PropertyOperational.objects.all().delete()
    numbers = [str(index) for index in range(len(texts))]
    _load(king, "parcels", {"parcel_number": numbers, "situs_address": texts, "owner_name": texts})
    rows = PropertyOperational.objects.order_by("id").values_list("parcel_number", "situs_address", "owner_name")
    assert list(rows) == [(number, text, text) for number, text in zip(numbers, texts, strict=True)]


@FAST
@given(NUMBERS)
def test_numbers_of_parcels(king: County, numbers: list[tuple[float, int]]) -> None:
    PropertyOperational.objects.all().delete()
    columns = {
        "parcel_number": [str(index) for index in range(len(numbers))],
        "lot_area_sqft": [real for real, _ in numbers],
        "land_value": [whole for _, whole in numbers],
    }
    _load(king, "parcels", columns)
    assert list(PropertyOperational.objects.order_by("id").values_list("lot_area_sqft", "land_value")) == numbers


@FAST
@given(TEXTS)
def test_texts_of_reference_layers(king: County, texts: list[str]) -> None:
    ReferenceFeature.objects.all().delete()
    with tempfile.TemporaryDirectory() as folder:
        shapes = [files.square(index) for index in range(len(texts))]
        files.load(king, "zones", files.write(Path(folder) / "x.gpkg", {"NOTE": texts}, shapes), source="test")
    features = ReferenceFeature.objects.order_by("id")
    assert [feature.attributes["NOTE"] for feature in features] == texts


@pytest.mark.parametrize("layer", ["parcels", "sales"])
def test_texts_that_postgresql_cannot_hold_are_refused(king: County, tmp_path: Path, layer: str) -> None:
    """A CSV in Latin-1 that says nothing of it, and one with the character NUL."""
    head = b"sale_id,parcel_number,sale_date,sale_price,situs_city,deed_code\n"
    sale = b"2015-01-01,100"
    rows = [
        b"1,1,%b,Seattle,W" % sale,
        b"2,2,%b,Sm\xf6rg\xe5s,\xf6" % sale,
        b"3,3,%b,Se\xc3\xa5,\xc3\xa5" % sale,
    ]
    path = tmp_path / "latin.csv"
    path.write_bytes(head + b"\n".join(rows))
    report = files.load(king, layer, path, rejects=tmp_path / "rejects.csv")
    assert (report["inserted"], report["refused"]) == (2, {"bad_text": 1})
    assert [row["row"] for row in files.rejects(tmp_path / "rejects.csv")] == ["2"]


def test_a_shapefile_in_another_encoding(king: County, tmp_path: Path) -> None:
    path = files.write(
        tmp_path / "p.shp", {"PARCEL": ["1"], "CITY": ["Smörgås"]}, [files.square()], encoding="ISO-8859-1"
    )
    path.with_suffix(".cpg").unlink()
    described = 'encoding = "ISO-8859-1"\n[fields]\nparcel_number = "PARCEL"\nsitus_city = "CITY"\n'
    files.load(king, "parcels", path, mapping=files.mapping(tmp_path, described))
    assert PropertyOperational.objects.get().situs_city == "Smörgås"


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig", "utf-8"])
@pytest.mark.parametrize("name", ["s.csv", "s.csv.gz", "s.zip"])
def test_a_csv_in_another_encoding(king: County, tmp_path: Path, encoding: str, name: str) -> None:
    raw = "parcel_number,situs_city\n1,Smörgås\n".encode(encoding)
    path = tmp_path / name
    if name == "s.zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("roll/s.csv", raw)
    else:
        path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    described = files.mapping(tmp_path, f'encoding = "{encoding}"\n')
    assert files.load(king, "parcels", path, mapping=described)["inserted"] == 1
    parcel = PropertyOperational.objects.get()
    assert (parcel.situs_city, parcel.source) == ("Smörgås", name)


def test_an_encoding_where_the_file_names_its_own(king: County, tmp_path: Path) -> None:
    path = files.write(tmp_path / "p.gpkg", {"parcel_number": ["1"]}, [files.square()])
    with pytest.raises(CommandError, match="an encoding can be given for CSV and Shapefiles"):
        files.load(king, "parcels", path, mapping=files.mapping(tmp_path, 'encoding = "cp1252"'))
