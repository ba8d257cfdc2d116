"""Files and requests that cannot be loaded: one clear line, and a database as it was."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from terrafusion.records.models import County, PropertyOperational, ReferenceFeature, ReferenceLayer, Sale
from tests.records.loading import files

MANY = {"parcel_number": [f"{n:05d}" for n in range(500)], "note": ["some text " * 5] * 500}


@pytest.fixture
def loaded(king: County, tmp_path: Path) -> Iterator[County]:
    """A county with data, which must be the same afterwards."""
    folder = tmp_path / "before"
    folder.mkdir()
    files.load(king, "parcels", files.write(folder / "p.gpkg", {"parcel_number": ["00001"]}, [files.square()]))
    files.load(king, "zoning", files.write(folder / "z.gpkg", {"Z": ["R"]}, [files.square()]))

    def state() -> list[Any]:
        models = (County, PropertyOperational, Sale, ReferenceLayer, ReferenceFeature)
        return [list(model.objects.order_by("pk").values()) for model in models]

    before = state()
    yield king
    assert state() == before


def _shapefile(folder: Path) -> Path:
    return files.write(
        folder / "parcels.shp", {"PARCEL_NUM": MANY["parcel_number"]}, [files.square(n) for n in range(500)]
    )


def _refused(county: County, layer: str, path: Path, match: str, **options: Any) -> None:
    with pytest.raises(CommandError, match=match) as caught:
        call_command("load_layer", county.pk, layer, path, verbosity=0, **options)
    assert len(str(caught.value).splitlines()) == 1


def _cut(suffix: str) -> Callable[[Path], None]:
    def break_it(shp: Path) -> None:
        part = shp.with_suffix(suffix)
        part.write_bytes(part.read_bytes()[: part.stat().st_size // 2])

    return break_it


def _missing(suffix: str) -> Callable[[Path], None]:
    return lambda shp: shp.with_suffix(suffix).unlink()


BROKEN = [
    (_missing(".shx"), r"parcels.shp is incomplete: its .shx file is missing"),
    (_missing(".dbf"), r"parcels.shp is incomplete: its .dbf file is missing"),
    (_cut(".shp"), r"parcels.shp is truncated: its .shp file has [\d,]+ of [\d,]+ bytes"),
    (_cut(".shx"), r"parcels.shp is truncated: its .shx file"),
    (_cut(".dbf"), r"parcels.shp is truncated: its .dbf file"),
]


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(("break_it", "message"), BROKEN)
def test_broken_shapefiles(loaded: County, tmp_path: Path, break_it: Any, message: str, zipped: bool) -> None:
    path = _shapefile(tmp_path)
    break_it(path)
    if zipped:
        with zipfile.ZipFile(tmp_path / "roll.zip", "w") as archive:
            for part in tmp_path.glob("parcels.*"):
                archive.write(part, part.name)
        path = tmp_path / "roll.zip"
    described = files.mapping(tmp_path, '[fields]\nparcel_number = "PARCEL_NUM"')
    _refused(loaded, "parcels", path, message, mapping=described)


@pytest.mark.parametrize("name", ["p.gpkg", "p.fgb", "p.geojson", "p.zip"])
def test_other_truncated_files(loaded: County, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "p.zip":
        _shapefile(tmp_path)
        with zipfile.ZipFile(path, "w") as archive:
            for part in tmp_path.glob("parcels.*"):
                archive.write(part, part.name)
    else:
        options = {"SPATIAL_INDEX": "NO"} if name == "p.fgb" else {}
        crs = "EPSG:4326" if name == "p.geojson" else "EPSG:2926"
        files.write(path, MANY, [files.square(n) for n in range(500)], crs=crs, **options)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    _refused(loaded, "parcels", path, r"^p\.\w+ (cannot be read|is damaged|is not a whole zip)")


@pytest.mark.parametrize(
    "name", ["p.gpkg", "p.geojson", "p.kml", "p.zip", "p.shp", "p.csv", "p.csv.gz", "p.fgb", "p.tab"]
)
def test_a_file_that_is_not_what_it_says(loaded: County, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    _refused(loaded, "parcels", path, r"^p\.")


@pytest.mark.parametrize("name", ["s.csv.gz", "p.geojson.gz"])
def test_a_gzip_file_that_breaks_off(loaded: County, tmp_path: Path, name: str) -> None:
    """GDAL reads the rows up to there, and no more is said."""
    sales = "sale_id,parcel_number,sale_date,sale_price\n" + "".join(f"{n},{n},2015-01-01,{n}\n" for n in range(9000))
    path = tmp_path / name
    path.write_bytes(gzip.compress(sales.encode())[:-2000])
    _refused(loaded, "sales", path, f"{name} is not a whole gzip file: ")


def test_a_quotation_mark_that_is_never_closed(loaded: County, tmp_path: Path) -> None:
    """All rows behind it would be left out. A lone mark in a text does no harm, nor do empty lines."""
    head, rows = "sale_id,parcel_number,sale_date,sale_price,deed_code\n", [f"{n},{n},2015-01-01,100" for n in range(9)]
    path = tmp_path / "s.csv"
    path.write_text(head + "\n".join([*(f"{row},W" for row in rows[:3]), rows[3] + ',"W', *rows[4:]]))
    _refused(loaded, "sales", path, r"s.csv is damaged: after row 3 a quotation mark is not closed \(6 lines\)")
    path.write_text(head + "\n".join(f'{row},2" W' for row in rows) + "\n\n\n")
    assert files.load(loaded, "sales", path, dry_run=True)["inserted"] == 9


def test_a_folder_of_broken_shapefiles(loaded: County, tmp_path: Path) -> None:
    _cut(".shp")(_shapefile(tmp_path))
    _refused(loaded, "parcels", tmp_path, "parcels.shp is truncated")


def test_rejects_that_cannot_be_written(loaded: County, tmp_path: Path) -> None:
    """A full disk is found out before the rows are kept; and the county's file is not written over."""
    path = files.write_csv(tmp_path / "p.csv", [{"parcel_number": "1"}, {"parcel_number": ""}])
    _refused(
        loaded, "parcels", path, "rejects file /dev/full cannot be written: No space left", rejects=Path("/dev/full")
    )
    _refused(loaded, "parcels", path, "would be written over", rejects=path)
    assert path.read_text().startswith("parcel_number")


def test_rejects_replace_rejects_only(loaded: County, tmp_path: Path) -> None:
    path = files.write_csv(tmp_path / "p.csv", [{"parcel_number": "1"}, {"parcel_number": ""}])
    rejects, other = tmp_path / "rejects.csv", files.mapping(tmp_path, "[fields]")
    for _ in range(2):
        files.load(loaded, "parcels", path, dry_run=True, rejects=rejects)
        assert len(files.rejects(rejects)) == 1
    _refused(loaded, "parcels", path, "which is no rejects file: name another file", rejects=other)
    assert other.read_text() == "[fields]"


def test_one_format_under_the_name_of_another(loaded: County, tmp_path: Path) -> None:
    files.write(tmp_path / "p.gpkg", MANY, [files.square(n) for n in range(500)]).rename(tmp_path / "p.shp")
    _refused(loaded, "parcels", tmp_path / "p.shp", "p.shp is not a Shapefile: its contents are GPKG")


def test_no_crs(loaded: County, tmp_path: Path) -> None:
    path = _shapefile(tmp_path)
    path.with_suffix(".prj").unlink()
    described = files.mapping(tmp_path, '[fields]\nparcel_number = "PARCEL_NUM"')
    _refused(
        loaded, "parcels", path, "parcels.shp does not say its CRS: give its EPSG code with --crs", mapping=described
    )
    _refused(loaded, "parcels", path, "EPSG:123456 is not a coordinate", mapping=described, crs=123456)
    report = files.load(loaded, "parcels", path, mapping=described, crs=2926, dry_run=True)
    assert report["inserted"] == 499


def test_several_layers(loaded: County, tmp_path: Path) -> None:
    path = files.write(tmp_path / "p.gpkg", {"parcel_number": ["1"]}, [files.square()], layer="one")
    files.write(path, {"parcel_number": ["1", "2"]}, [files.square(), files.square(1)], layer="two", append=True)
    _refused(loaded, "parcels", path, "several layers; name one with --source-layer: one, two")
    _refused(loaded, "parcels", path, "no layer 'three'. It has: one, two", source_layer="three")
    assert files.load(loaded, "parcels", path, source_layer="two", dry_run=True)["read"] == 2


@pytest.mark.parametrize(
    ("county", "layer", "message"),
    [
        ("NOWHERE", "parcels", "Unknown county 'NOWHERE'. Available: KING"),
        ("KING", "parcel", "There is no layer 'parcel': say parcels"),
        ("KING", "Sales", "There is no layer 'Sales': say sales"),
        ("KING", "flood zones", "'flood zones' is no name of a layer"),
    ],
)
def test_unknown_county_or_layer(loaded: County, tmp_path: Path, county: str, layer: str, message: str) -> None:
    path = files.write_csv(tmp_path / "p.csv", [{"parcel_number": "1"}])
    with pytest.raises(CommandError, match=message):
        call_command("load_layer", county, layer, path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[fields]\nparcel_number = "PIN"', r"names the column 'PIN', which the file does not have. It has: number"),
        ('[fields]\nparcel_number = "number"\nland = "number"', "names land, which parcels do not have"),
        ("[fields", "is not valid TOML"),
        ("feilds = 1", "the mapping has no feilds; it may have"),
        ('[fields]\nparcel_number = { colum = "number" }', "parcel_number has no colum"),
        ('[fields]\nparcel_number = { column = "number", on_error = "ignore" }', "on_error of parcel_number is one of"),
        ("[fields]\nparcel_number = { }", "needs either column or value"),
        ('crs = "2249"', "crs is an EPSG code"),
        ('[point]\nx = "number"', "needs both x and y"),
        ("fields = 3", "fields is a table, not 3"),
        (
            "[fields]\nparcel_number = { column = 3 }",
            "column of parcel_number is the name of a column, or a list of 1 to 10, not 3",
        ),
        ('[fields]\nparcel_number = { column = "number", scale = nan }', "scale of parcel_number is a number"),
        ('[fields]\nparcel_number = { column = "number", pad = -1 }', "pad of parcel_number is a length"),
        ("[fields]\nparcel_number = { value = [1] }", r"\[1\] is no value for parcel_number"),
        ("[fields]\nparcel_number = { value = 99999999999999999999 }", "99999999999999999999 is no value"),
        ('[fields]\nparcel_number = { column = "number", null = [{}] }', "is no value for parcel_number"),
        ('[layer]\nkeep = "number"', "keep is a list of columns' names"),
        ('[layer.fields.number]\ntype = "money"', "type of number is one of text, integer"),
        ('encoding = "klingon"', "'klingon' is no encoding"),
        ('encoding = "utf-16"', "p.csv is not in the encoding utf-16"),
        ("", "No column of p.csv is loaded into parcel_number"),
    ],
)
def test_mappings_that_do_not_fit(loaded: County, tmp_path: Path, text: str, message: str) -> None:
    path = files.write_csv(tmp_path / "p.csv", [{"number": "1"}])
    _refused(loaded, "parcels", path, message, mapping=files.mapping(tmp_path, text))


def test_files_that_are_not_there(loaded: County, tmp_path: Path) -> None:
    path = files.write_csv(tmp_path / "p.csv", [{"parcel_number": "1"}])
    _refused(loaded, "parcels", tmp_path / "none.gpkg", "There is no file")
    _refused(loaded, "parcels", path, "mapping .* cannot be read", mapping=tmp_path / "none.toml")
    _refused(loaded, "parcels", path, "rejects file .* cannot be written", rejects=tmp_path / "no" / "rejects.csv")


def test_an_empty_file_does_not_empty_the_layer(loaded: County, tmp_path: Path) -> None:
    path = files.write(tmp_path / "empty.gpkg", {"Z": pa.array([], pa.string())}, [])
    _refused(loaded, "zoning", path, "empty.gpkg holds no rows")
