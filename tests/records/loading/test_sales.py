"""Sales find their parcels, whichever is loaded first, and know when they are of several."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from django.core.management import call_command

from terrafusion.records.models import County, PropertyOperational, Sale
from tests.records.loading import files


def _sale(sale_id: str, parcel: str, **more: Any) -> dict[str, Any]:
    return {"sale_id": sale_id, "parcel_number": parcel, "sale_date": "2015-01-01", "sale_price": "100", **more}


def _parcels(county: County, folder: Path, numbers: list[str]) -> dict[str, Any]:
    path = files.write(folder / "p.gpkg", {"parcel_number": numbers}, [files.square(n) for n in range(len(numbers))])
    return files.load(county, "parcels", path)


def test_linked_to_parcels_that_are_there(king: County, tmp_path: Path) -> None:
    _parcels(king, tmp_path, ["1", "2"])
    path = files.write_csv(tmp_path / "s.csv", [_sale("a", "1"), _sale("b", "404")])
    report = files.load(king, "sales", path)
    assert (report["inserted"], report["sales_linked"], report["sales_without_parcel"]) == (2, 1, 1)
    linked = Sale.objects.get(sale_id="a")
    assert linked.property == PropertyOperational.objects.get(parcel_number="1")
    assert linked.point == linked.property.point
    again = files.load(king, "sales", path)
    assert (again["updated"], again["unchanged"], again["sales_linked"]) == (0, 2, 0)
    assert Sale.objects.get(sale_id="a").point == linked.point


def test_linked_when_the_parcels_come_later(king: County, tmp_path: Path) -> None:
    files.load(king, "sales", files.write_csv(tmp_path / "s.csv", [_sale("a", "1")]))
    assert Sale.objects.get().property is None
    assert _parcels(king, tmp_path, ["1"])["sales_linked"] == 1
    sale = Sale.objects.get()
    assert sale.property is not None
    assert sale.point == sale.property.point


def test_not_linked_across_counties(king: County, other_county: County, tmp_path: Path) -> None:
    _parcels(king, tmp_path, ["1"])
    report = files.load(other_county, "sales", files.write_csv(tmp_path / "s.csv", [_sale("a", "1")]))
    assert report["sales_without_parcel"] == 1


def test_multi_parcel_sales(king: County, tmp_path: Path) -> None:
    rows = [_sale("both", "1"), _sale("both", "2"), _sale("single", "1")]
    path = files.write_csv(tmp_path / "s.csv", rows)
    files.load(king, "sales", path)
    assert {(s.sale_id, s.multi_parcel) for s in Sale.objects.all()} == {("both", True), ("single", False)}
    # The second parcel of a sale may come with a later file.
    files.load(king, "sales", files.write_csv(tmp_path / "s2.csv", [_sale("single", "9")]), source="s.csv")
    assert all(Sale.objects.values_list("multi_parcel", flat=True))
    assert files.load(king, "sales", path)["unchanged"] == 3


def test_the_county_may_say_that_a_sale_is_of_several(king: County, tmp_path: Path) -> None:
    rows = [_sale("a", "1", multi_parcel="Y"), _sale("b", "2", multi_parcel="N"), _sale("c", "3", multi_parcel="")]
    files.load(king, "sales", files.write_csv(tmp_path / "s.csv", rows))
    assert dict(Sale.objects.values_list("sale_id", "multi_parcel")) == {"a": True, "b": False, "c": False}


def test_a_sale_is_accepted_or_refused_as_a_whole(king: County, tmp_path: Path) -> None:
    """Of a sale of two parcels, one alone would have the whole price."""
    rows = [
        _sale("both", "1", sale_date="2015-13-01"),
        _sale("both", "2", grantee="X"),
        _sale("none", ""),
        _sale("single", "3"),
        _sale("none", "4"),
        _sale("single", "3", sale_price="7"),
    ]
    rows = [{"grantee": "", **row} for row in rows]
    path = files.write_csv(tmp_path / "s.csv", rows)
    report = files.load(king, "sales", path, rejects=tmp_path / "r.csv")
    assert Sale.objects.get().sale_id == "single"
    assert report["refused"] == {"bad_date": 1, "missing": 1, "incomplete": 2, "duplicate": 1}
    details = {row["row"]: (row["key"], row["detail"]) for row in files.rejects(tmp_path / "r.csv")}
    assert details["2"] == ("both 2", "row 1 of the same sale_id was refused")
    assert details["5"] == ("none 4", "row 3 of the same sale_id was refused")
    assert (report["amounts"], report["left_out"]) == ({"sale_price": 507}, {"sale_price": 407})
    assert report["unused"] == ["grantee"]
    out = io.StringIO()
    call_command("load_layer", king.pk, "sales", path, verbosity=0, stdout=out)
    assert "  In rows that were not loaded: sale_price $407 of $507 (80.3%)" in out.getvalue()
    assert "  Columns that nothing takes: grantee" in out.getvalue()
