"""A first mapping for a file, from its survey: what is likely, and as comments what is not sure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from terrafusion.records.loading.survey import ColumnSurvey, Survey
from terrafusion.records.loading.targets import PARCEL_TARGETS, SALE_TARGETS, Kind, Target
from terrafusion.words import counted

_NUMBERS = {Kind.INTEGER, Kind.REAL}
_FITTING = {
    Kind.INTEGER: {Kind.INTEGER},
    Kind.YEAR: {Kind.INTEGER},
    Kind.REAL: _NUMBERS,
    Kind.MONEY: _NUMBERS,
    Kind.BOOLEAN: {Kind.BOOLEAN},
    Kind.DATE: {Kind.DATE, Kind.DATETIME},
}
_NAMES = {
    "parcel_number": (
        "parcelnumber parcelno parcelnum parcelid parcel pin apn pid parid parnum pcn parcelpin gispin pinx gpin "
        "maplot blocklot bbl accountnumber accountno acct propertyid propid taxid taxparcel folio strap ml"
    ),
    "situs_address": "situs situsaddr siteaddress siteaddr propertyaddress propaddr address addr location fulladdress",
    "situs_city": "situscity sitecity propertycity propcity city municipality town",
    "situs_postal_code": "situszip sitezip propertyzip propzip zip zipcode postalcode zip5",
    "owner_name": "owner ownername ownername1 owner1 ownernme1 taxpayer taxpayername",
    "mailing_address": "mailaddress mailaddr mailaddr1 owneraddress owneraddr mailing pstladress",
    "mailing_city": "mailcity ownercity owneraddresscity",
    "mailing_state": "mailstate ownerstate",
    "mailing_postal_code": "mailzip mailzipcode ownerzip",
    "property_class": "propclass class propertyclass classcode pclass propclasscode taxclass",
    "use_code": "usecode landuse landusecode luc usecd lucode propertyuse statecode usetype dorcode",
    "use_description": "usedesc usedescription landusedesc ludesc usecodedesc",
    "zoning": "zone zoningcode zonecode zonedist",
    "neighborhood": "nbhd neighborhoodcode nbhdcode nbhdcd nhood marketarea resdistrict",
    "lot_area_sqft": (
        "lotareasqft lotsqft lotsf landsqft landsf lotarea landarea landareasqft lotsize sqftlot landsquarefeet"
    ),
    "living_area_sqft": (
        "livingareasqft livingarea livsqft sqftliving totsf bldgsqft buildingsqft heatedarea finishedarea "
        "sqfttotliving grosslivingarea gla resarea bldgarea grossareasqft grossarea"
    ),
    "year_built": "yearbuilt yrbuilt yrblt yrbuiltt actyrblt builtyear ayb actualyearbuilt bldgyear",
    "effective_year_built": "effectiveyearbuilt effyrbuilt effyrblt effyear eyb effyearbuilt",
    "quality": "grade qualitygrade bldggrade buildingquality qual qualitycode",
    "condition": "cond conditioncode bldgcond",
    "stories": "numstories nostories storyheight floors numfloors",
    "bedrooms": "beds bedroom numbeds bedrms nobedrooms totalbedrooms bdrm",
    "bathrooms": "baths bath numbaths totalbaths nobathrooms bthrm",
    "land_value": "landval landappraised landmarket apprland apprlandval mktland landassessed lndvalue lndval",
    "improvement_value": "impval imprval imprvalue bldgval bldgvalue buildingvalue appimprvalue apprimpsval",
    "total_value": "totval totalval totalvalue totalappraised marketvalue justvalue apprtotal totalassessed totvalue",
    "exemptions": "exemption exemptionamount exemptamt totalexemption",
    "tax_year": "taxyear rollyear assessmentyear taxyr rollyr",
    "sale_id": "saleid salekey instrument instrumentnumber instrumentno docnumber documentnumber excisetaxnbr",
    "sale_date": "saledate saledt dateofsale transferdate documentdate recordingdate sdate",
    "sale_price": "saleprice price salesprice saleamount saleamt consideration sprice amount",
    "deed_code": "deedcode deed deedtype instrumenttype saleinstrument saleinstrumenttype conveyance",
    "validity_code": "validitycode validity salevalidity qualified qualifiedcode salecode salesvalidity qualcode",
    "multi_parcel": "multiparcel multisale multi multiparcelsale",
}
"""Of each field, what offices call its column: small letters and digits only."""
_ACRES = re.compile(r"^(gis|deed|calc|legal|land|lot|total)?acre(s|age)?$")
_LONGITUDE, _LATITUDE = {"longitude", "lon", "long", "lng"}, {"latitude", "lat"}


@dataclass(frozen=True)
class _Match:
    target: Target
    column: ColumnSurvey
    members: tuple[tuple[str, object], ...] = ()
    doubt: str = ""

    def line(self) -> str:
        members = ", ".join(f"{name} = {_toml(value)}" for name, value in (("column", self.column.name), *self.members))
        value = f"{{ {members} }}" if self.members else _toml(self.column.name)
        line = f"{'# ' if self.doubt else ''}{self.target.name} = {value}  # {about(self.column)}"
        return f"{line}; {self.doubt}" if self.doubt else line


def mapping(survey: Survey, layer: str, encoding: str = "") -> str:
    """The text of a TOML file for ``load_layer COUNTY layer``, whose comments say what is unsure and what is left."""
    targets = {"parcels": PARCEL_TARGETS, "sales": SALE_TARGETS}.get(layer)
    lines = [
        f"# A first mapping of {survey.file} for {layer},",
        "# made from names and values of its columns. Read each line, and try it with --dry-run.",
        f"source_layer = {_toml(survey.layer)}",
        *([f"encoding = {_toml(encoding)}"] if encoding else []),
        *(_parcels_or_sales(survey, targets) if targets else _reference(survey)),
    ]
    return "\n".join(lines) + "\n"


def likely_keys(survey: Survey) -> list[str]:
    """The columns whose values differ in every row."""
    return [
        column.name
        for column in survey.columns
        if column.unique and column.filled == survey.rows and column.kind in {Kind.TEXT, Kind.INTEGER}
    ]


def _parcels_or_sales(survey: Survey, targets: dict[str, Target]) -> Iterator[str]:
    point = _point(survey) if survey.geometry_type is None else None
    if point:
        yield "crs = 4326  # of longitude and latitude"
    elif survey.geometry_type is not None and not survey.crs:
        yield "# crs = 2249  # the file does not say its CRS: give its EPSG code"
    yield from ("", "[fields]")
    left = {column.name: column for column in survey.columns if not point or column.name not in point}
    for target in targets.values():
        if target.name in {"source", "as_of"}:
            continue
        match = _match(target, list(left.values()))
        if match:
            del left[match.column.name]
            yield match.line()
            if target.name == "parcel_number" and targets is PARCEL_TARGETS and not match.column.unique:
                yield "# Some numbers occur in several rows, of which the first is loaded. See duplicates in the docs."
        elif target.required:
            yield f'# {target.name} = ""  # required: name its column'
    if left:
        yield from ("", "# Not loaded:")
        yield from (f"#   {column.name}: {about(column)}" for column in left.values())
    if point:
        yield from ("", "[point]", f"x = {_toml(point[0])}", f"y = {_toml(point[1])}")


def _reference(survey: Survey) -> Iterator[str]:
    yield from ("", "[layer]", f"title = {_toml(survey.layer)}")
    keys = likely_keys(survey)
    if keys:
        others = f"  # or {', '.join(keys[1:4])}" if len(keys) > 1 else ""
        yield f"key = {_toml(keys[0])}{others}"
    else:
        yield '# key = ""  # no column differs in every row; without a key a feature is known by its row number'
    if personal := [column.name for column in survey.columns if column.personal]:
        yield f"personal = [{', '.join(map(_toml, personal))}]  # by their names; their values were not shown"
    empty = [column.name for column in survey.columns if not column.filled]
    if empty:
        yield f"drop = [{', '.join(map(_toml, empty))}]  # without a value in any row"
    for column in survey.columns:
        if column.filled:
            yield from ("", f"[layer.fields.{_toml(column.name)}]", f"type = {_toml(_type(column))}  # {about(column)}")


def _match(target: Target, columns: list[ColumnSurvey]) -> _Match | None:
    names = [_plain(target.name), *_NAMES.get(target.name, "").split()]
    for name in names:
        for column in columns:
            if _plain(column.name) == name:
                return _fitted(target, column)
    if target.name == "lot_area_sqft":
        for column in columns:
            if _ACRES.match(_plain(column.name)):
                return _fitted(target, column, ("unit", "acre"))
    return None


def _fitted(target: Target, column: ColumnSurvey, *members: tuple[str, object]) -> _Match:
    if not column.filled:
        return _Match(target, column, members, "it has no value in any row")
    if target.kind is Kind.TEXT:
        if target.width and column.width > target.width:
            return _Match(
                target, column, members, f"its longest text has {counted(column.width, 'character')}, of {target.width}"
            )
        return _Match(target, column, members)
    if target.kind is Kind.DATE and column.kind is Kind.TEXT and column.formats:
        doubt = f"or {', '.join(column.formats[1:])}" if len(column.formats) > 1 else ""
        return _Match(target, column, (*members, ("format", column.formats[0])), doubt)
    flags = column.kind is Kind.INTEGER and column.low in {0, 1} and column.high in {0, 1}
    if column.kind not in _FITTING[target.kind] and not (target.kind is Kind.BOOLEAN and flags):
        return _Match(target, column, members, f"some of its values are not of type {target.kind}")
    if target.nonnegative and column.low is not None and column.low < 0:
        return _Match(target, column, (*members, ("on_error", "null")))
    if column.low == 0 and target.name.endswith("_sqft"):  # an area of 0 stands for one that is not known
        members = (*members, ("null", [0]))
    return _Match(target, column, members)


def _point(survey: Survey) -> tuple[str, str] | None:
    """The columns of longitude and latitude."""
    columns = {
        kind: column.name
        for kind, names, maximum in (("x", _LONGITUDE, 180), ("y", _LATITUDE, 90))
        for column in survey.columns
        if _plain(column.name) in names and column.low is not None and column.high is not None
        if -maximum <= column.low and column.high <= maximum
    }
    return (columns["x"], columns["y"]) if len(columns) == 2 else None


def about(column: ColumnSurvey) -> str:
    """Its values in words."""
    values = f"{column.distinct:,}{' or more' if column.more else ''} different"
    shown = f", such as {', '.join(map(repr, column.examples))}" if column.examples else ""
    return f"{_type(column)}, {counted(column.filled, 'row')} with a value, {values}{shown}"


def _type(column: ColumnSurvey) -> str:
    return str(column.kind)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _toml(value: object) -> str:
    """As TOML writes it: its basic strings, numbers and lists of these are JSON's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
