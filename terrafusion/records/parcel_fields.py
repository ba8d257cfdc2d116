"""The fields of a parcel, each declared once: layers, REST, loading, the sales frame, sheets, cards, and price indices
derive theirs from here. Pure; the columns themselves are in ``terrafusion.records.models.parcel``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ParcelField:
    """A column of ``PropertyOperational``. Every field is loaded and is in the layer ``parcels``.

    ``short_name`` is its name in a Shapefile, of 10 characters at most; ``example`` is a value as a file may have it.
    ``unit`` is sqft, year (0 is unknown), or USD
    (whole dollars). ``personal`` fields name a person or say where a person gets mail: REST leaves them out, and the
    layer, the loader, and reports withhold them from everybody without that right; the others are public.
    ``assessment`` fields are of the roll.

    ``label`` is its name in words, ``per`` what a rate is for. ``card`` is its name on the record card, empty where it
    is not printed, with so many ``decimals``; a field that ``describes`` a code is printed before it. ``sheet`` puts it
    on the sheet of a valuation.

    ``frame`` is its type in data frames of sales and parcels, text or float64: mass appraisal and sales comparison use
    every such field but values. ``explains`` says that price indices use it, ``rising`` that more of it never counts
    against a property where its value is explained, and ``grade`` that it is a text which stands for an order.
    """

    name: str
    short_name: str
    example: str
    unit: str = ""
    personal: bool = False
    assessment: bool = False
    label: str = ""
    per: str = "unit"
    card: str = ""
    decimals: int | None = None
    describes: str = ""
    sheet: bool = False
    frame: str = ""
    explains: bool = False
    rising: bool = False
    grade: bool = False

    @property
    def words(self) -> str:
        return self.label or self.name.replace("_", " ").capitalize()


def _personal(name: str, short_name: str, example: str) -> ParcelField:
    return ParcelField(name=name, short_name=short_name, example=example, personal=True)


def _dollars(name: str, short_name: str, example: str, frame: str = "") -> ParcelField:
    return ParcelField(name=name, short_name=short_name, example=example, unit="USD", assessment=True, frame=frame)


FIELDS = (
    ParcelField(name="parcel_number", short_name="PARCEL_NO", example="0123-045-678"),
    ParcelField(name="situs_address", short_name="SITUS_ADDR", example="410 Elm St", sheet=True),
    ParcelField(name="situs_city", short_name="SITUS_CITY", example="Seattle", sheet=True),
    ParcelField(name="situs_postal_code", short_name="SITUS_ZIP", example="98101"),
    _personal("owner_name", "OWNER_NAME", "Ann Smith"),
    _personal("mailing_address", "MAIL_ADDR", "PO Box 12"),
    _personal("mailing_city", "MAIL_CITY", "Tacoma"),
    _personal("mailing_state", "MAIL_STATE", "WA"),
    _personal("mailing_postal_code", "MAIL_ZIP", "98401-0012"),
    ParcelField(
        name="property_class",
        short_name="PROP_CLASS",
        example="Residential",
        label="Class",
        card="Class",
        sheet=True,
        frame="text",
        explains=True,
    ),
    ParcelField(
        name="use_code",
        short_name="USE_CODE",
        example="111",
        label="Use",
        card="Use code",
        sheet=True,
        frame="text",
        explains=True,
    ),
    ParcelField(
        name="use_description",
        short_name="USE_DESC",
        example="Single family",
        card="Use",
        describes="use_code",
        sheet=True,
    ),
    ParcelField(name="zoning", short_name="ZONING", example="R-5", card="Zoning", sheet=True, frame="text"),
    ParcelField(
        name="neighborhood",
        short_name="NBHD",
        example="17",
        card="Neighborhood",
        sheet=True,
        frame="text",
        explains=True,
    ),
    ParcelField(
        name="lot_area_sqft",
        short_name="LOT_SQFT",
        example="7,200",
        unit="sqft",
        label="Lot area (sq ft)",
        per="sq ft",
        card="Lot (sq ft)",
        decimals=0,
        sheet=True,
        frame="float64",
        explains=True,
        rising=True,
    ),
    ParcelField(
        name="living_area_sqft",
        short_name="LIV_SQFT",
        example="1850",
        unit="sqft",
        label="Living area (sq ft)",
        per="sq ft",
        card="Living area (sq ft)",
        decimals=0,
        sheet=True,
        frame="float64",
        explains=True,
        rising=True,
    ),
    ParcelField(
        name="year_built",
        short_name="YEAR_BUILT",
        example="1962",
        unit="year",
        per="year",
        card="Year built",
        sheet=True,
        frame="float64",
        explains=True,
    ),
    ParcelField(
        name="effective_year_built",
        short_name="EFF_YEAR",
        example="1985",
        unit="year",
        per="year",
        card="Effective year built",
        sheet=True,
        frame="float64",
        explains=True,
        rising=True,
    ),
    ParcelField(
        name="quality",
        short_name="QUALITY",
        example="Good",
        per="grade",
        card="Quality",
        sheet=True,
        frame="text",
        explains=True,
        grade=True,
    ),
    ParcelField(
        name="condition",
        short_name="CONDITION",
        example="Average",
        card="Condition",
        sheet=True,
        frame="text",
        explains=True,
        grade=True,
    ),
    ParcelField(
        name="stories",
        short_name="STORIES",
        example="1.5",
        per="story",
        card="Stories",
        decimals=1,
        sheet=True,
        frame="float64",
        explains=True,
    ),
    ParcelField(
        name="bedrooms",
        short_name="BEDROOMS",
        example="3",
        per="bedroom",
        card="Bedrooms",
        sheet=True,
        frame="float64",
        explains=True,
        rising=True,
    ),
    ParcelField(
        name="bathrooms",
        short_name="BATHROOMS",
        example="2.25",
        per="bathroom",
        card="Bathrooms",
        decimals=2,
        sheet=True,
        frame="float64",
        explains=True,
        rising=True,
    ),
    _dollars("land_value", "LAND_VALUE", "$210,000"),
    _dollars("improvement_value", "IMPR_VALUE", "185000"),
    _dollars("total_value", "TOT_VALUE", "395000", frame="float64"),
    _dollars("exemptions", "EXEMPTIONS", "60000"),
    ParcelField(name="tax_year", short_name="TAX_YEAR", example="2024", unit="year", assessment=True),
)
"""In the order of the columns, which is that of layers, files, and answers."""
BY_NAME = {field.name: field for field in FIELDS}
PERSONAL_DATA = frozenset(field.name for field in FIELDS if field.personal)
"""Fields of a parcel that name a person or say where a person gets mail."""


def on_the_card() -> list[ParcelField]:
    """The fields of the record card in their order: what describes a code stands before it."""
    shown = [field for field in FIELDS if field.card]
    return sorted(shown, key=lambda field: (shown.index(BY_NAME.get(field.describes, field)), not field.describes))
