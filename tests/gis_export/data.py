"""A small county that is as nasty as real ones are, all in one."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib.gis.geos import GEOSGeometry

from terrafusion.records.models import County, PropertyOperational, ReferenceFeature, ReferenceLayer, Sale

WEST, SOUTH = -122.3, 47.6  # near Seattle
CONTROL = "bell\x07 escape\x1b unit\x1f tab\t end"
TEXTS = [
    "",
    " leading and trailing ",
    "Ünïcödé ñ ß 中文字 日本語 한국어 🏠🌲",
    "e\u0301 is not \u00e9",
    'quote " quotes "" and \' it',
    "comma, semicolon; pipe|",
    "line\nbreak, carriage\r\nreturn\rand\ttab",
    "back\\slash \\n \\u0041 \\\\",
    "=cmd()|'x'!A1",
    "+1-2",
    "-3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "a\n=1+1",
    "&amp; <b>bold</b> ]]> &#10; >",
    CONTROL,
    "中" * 100,  # 300 bytes
    "x" + "é" * 127,  # 255 bytes, and the limit of Shapefile lies inside a character
    "null",
    "NULL",
    "0012",
    "%s %(x)s {} ${x} :name ?",
    "\ufeffbyte order mark \u200b \u202e \ufffd",
]
INTEGERS = [0, -1, 2**63 - 1, -(2**63), 2**53 + 1, 999_999_999_999_999_999, None]
REALS = [0.1, 1 / 3, -1.5, 1e300, 5e-324, 123456789.123456789, 2.0**53 + 2, 0.0, None]
DATES = ["2024-02-29", "1899-12-31", "1970-01-01", "9999-12-31", None]
DATETIMES = [
    "2024-02-29T23:59:59.123456+00:00",
    "2024-07-01T12:00:00-07:00",
    "1969-12-31T23:59:59+00:00",
    "2000-01-01T00:00:00+00:00",
    None,
    "2024-12-31T23:59:59.999999+00:00",
    "1969-12-31T23:59:59.500001+00:00",
    "1955-06-30T12:30:59.001001+00:00",
    "1955-06-30T12:30:58.001501+00:00",
]
BOOLEANS = [True, False, None]


def square(x: float, y: float, size: float = 0.001) -> str:
    """A ring, clockwise: the winding that RFC 7946 does not want of an exterior."""
    corners = [(x, y), (x, y + size), (x + size, y + size), (x + size, y), (x, y)]
    return "(" + ", ".join(f"{a!r} {b!r}" for a, b in corners) + ")"


def outline(index: int) -> str | None:
    """WKT of the outline of the parcel with this index, at a place of its own."""
    x, y = WEST + 0.002 * index + 1e-9 / 3, SOUTH + 1e-8 / 7
    return {
        0: f"MULTIPOLYGON (({square(x, y)}))",
        1: f"MULTIPOLYGON (({square(x, y)}, {square(x + 0.0003, y + 0.0003, 0.0002)}))",  # a hole
        2: f"MULTIPOLYGON (({square(x, y)}), ({square(x, y + 0.002)}, {square(x + 0.0002, y + 0.0022, 0.0001)}))",
        3: None,
        4: "MULTIPOLYGON EMPTY",
    }.get(index, f"MULTIPOLYGON (({square(x, y)}))")


def shape(wkt: str | None) -> Any:
    return None if wkt is None else GEOSGeometry(wkt, srid=4326)


def pick(values: list[Any], index: int) -> Any:
    return values[index % len(values)]


def load(county: County) -> None:
    """Parcels, sales, and the reference layers zoning (areas), roads (lines) and trees (points) of the county."""
    for i, text in enumerate(TEXTS):
        PropertyOperational.objects.create(
            county=county,
            parcel_number=f"{i:04}",
            situs_address=text[:150],
            situs_city="Seattle",
            owner_name=f"Owner {i} {text}"[:150],
            mailing_address=f"{i} Mail St",
            mailing_city="Elsewhere",
            mailing_state="WA",
            mailing_postal_code="00501",
            use_description=text[:100],
            lot_area_sqft=pick(REALS, i),
            stories=1.5,
            year_built=1900 + i,
            land_value=pick([0, 2**53 + 1, 999_999_999, None], i),
            improvement_value=None if i == 2 else 3_000_000_000 if i == 5 else i * 1000,
            total_value=i * 100_000 + 1,
            tax_year=2024,
            geometry=shape(outline(i)),
            as_of=pick([datetime.date(2024, 1, 1), None], i),
        )
    for i in range(5):
        Sale.objects.create(
            county=county,
            sale_id=f"S{i}",
            parcel_number=f"{i:04}",
            sale_date=datetime.date(2020, 1, 1 + i),
            sale_price=i * 250_000,
            deed_code='"W"',
            multi_parcel=i == 1,
            point=None if i == 3 else shape(f"POINT ({WEST + 0.002 * i!r} {SOUTH!r})"),
        )
    load_reference(county, "zoning", "MultiPolygon", [outline(i) for i in range(len(TEXTS))])
    load_reference(
        county,
        "roads",
        "MultiLineString",
        ["MULTILINESTRING ((-122.3 47.6, -122.2 47.6004, -122.25 47.7), (-122.1 47.6, -122.1 47.7))", None],
    )
    load_reference(county, "trees", "MultiPoint", ["MULTIPOINT ((-122.3 47.6), (-122.2 47.7))", None])


# Names that formats have plans of their own for, that differ late or in case only, and that are no plain words.
FIELDS: list[tuple[str, str]] = [
    ("label", "text"),
    ("big", "integer"),
    ("real", "real"),
    ("flag", "boolean"),
    ("day", "date"),
    ("moment", "datetime"),
    ("fid", "integer"),
    ("geom", "text"),
    ("geometry", "text"),
    ("bbox", "text"),
    ("id", "text"),
    ("m_sum", "text"),
    ("m_area", "real"),
    ("Label", "text"),
    ("select", "text"),
    ("description_of_the_zone_in_words", "text"),
    ("description_of_the_zone_in_numbers", "integer"),
    ("Größe_中文", "text"),
    ("a_very_long_name_that_goes_beyond_the_sixty_three_bytes_of_postgresql_one", "text"),
    ("a_very_long_name_that_goes_beyond_the_sixty_three_bytes_of_postgresql_two", "text"),
]


def load_reference(county: County, name: str, geometry_type: str, shapes: list[str | None]) -> None:
    layer = ReferenceLayer.objects.create(
        county=county,
        name=name,
        title=f"Layer {name}",
        description='About <this> & "that"',
        geometry_type=geometry_type,
        field_schema=[{"name": field, "type": kind, "width": None} for field, kind in FIELDS],
    )
    for i, wkt in enumerate(shapes):
        ReferenceFeature.objects.create(
            county=county, layer=layer, feature_key=str(i), attributes=attributes(i), geometry=shape(wkt)
        )


def attributes(index: int) -> dict[str, Any]:
    """The attributes of a feature as the database has them; every fifth has hardly any."""
    if index % 5 == 4:
        return {"label": None}
    by_type: dict[str, list[Any]] = {
        "integer": INTEGERS,
        "real": REALS,
        "boolean": BOOLEANS,
        "date": DATES,
        "datetime": DATETIMES,
        "text": TEXTS,
    }
    return {name: pick(by_type[kind], index + (0 if at < 6 else at)) for at, (name, kind) in enumerate(FIELDS)}
