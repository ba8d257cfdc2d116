"""The mapping file: which source column feeds which field, as TOML. docs/user/loading.md describes it.

A mapping that is not understood to the last key raises ``LoadError``: a misspelt key would otherwise lose a column.
"""

from __future__ import annotations

import codecs
import datetime
import re
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.targets import Kind
from terrafusion.records.loading.text_form import TextForm

ON_ERROR = ("refuse", "null", "truncate")
DUPLICATES = ("refuse", "merge")
ROWS = ("first", "sum", "max", "min")  # first: of those that have a value
UNITS = {"sqft": 1.0, "acre": 43_560.0, "sqm": 10.763910416709722, "hectare": 107_639.10416709722}
TYPES = ("text", "integer", "real", "boolean", "date", "datetime")  # of a reference layer's attributes
_TOP = {"source_layer", "crs", "anywhere", "encoding", "delimiter", "guarded", "duplicates", "fields", "point", "layer"}
_KEYS = {"column", "value", "values", "default", "null", "scale", "unit", "format", "pad", "on_error", "rows"}
_MAX_COLUMNS = 10
_MAX_PAD = 100
_MAX_INT = 2**63 - 1
_SOME_DAY = datetime.datetime(2001, 2, 3, 4, 5, 6, tzinfo=datetime.UTC)
GEOMETRY_TYPES = ("MultiPoint", "MultiLineString", "MultiPolygon")


@dataclass(frozen=True)
class FieldMapping:
    """Where a field's values come from: ``columns`` (mostly one), or the constant ``value`` for every row.

    Texts that are a key of ``values`` become what it says. Values equal to one of ``null`` are unknown, and ``default``
    stands for what is not known. Numbers are multiplied by ``scale``. ``format`` is strptime's, for dates in text.
    ``pad`` restores the leading zeros of codes that a spreadsheet took away. ``on_error`` says what a value that breaks
    a rule does: the row is refused, the value is dropped, or (a text too long) cut. ``rows`` says what is made of the
    values of several rows that are merged; empty: the first row's.
    """

    columns: tuple[str, ...] = ()
    value: Any = None
    values: dict[str, Any] = field(default_factory=dict)
    default: Any = None
    null: tuple[Any, ...] = ()
    scale: float = 1.0
    format: str = ""
    pad: int = 0
    on_error: str = "refuse"
    rows: str = ""


@dataclass(frozen=True)
class LayerMapping:
    """What a reference layer is called and which of the source's columns it keeps (all unless ``keep`` names some).

    ``personal`` is None where the mapping does not say which columns hold personal data.
    """

    title: str = ""
    description: str = ""
    key: str = ""
    geometry_type: str = ""
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    personal: tuple[str, ...] | None = None
    types: dict[str, Kind] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Mapping:
    name: str = ""
    fields: dict[str, FieldMapping] = field(default_factory=dict)
    layer: LayerMapping = LayerMapping()
    source_layer: str = ""
    crs: int | None = None
    anywhere: bool = False
    text: TextForm = field(default_factory=TextForm)
    duplicates: str = "refuse"
    x: str = ""
    y: str = ""


def read(path: Path) -> Mapping:
    """The mapping in the TOML file ``path``."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LoadError(f"The mapping {path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LoadError(f"The mapping {path.name} is not valid TOML: {error}.") from None
    except RecursionError:
        raise LoadError(f"The mapping {path.name} is nested too deeply.") from None
    try:
        return _mapping(path.name, data)
    except (TypeError, ValueError) as error:
        raise LoadError(f"The mapping {path.name} is not right: {error}.") from None


def match(wanted: str, columns: Iterable[str], where: str) -> str:
    """The source's own spelling of the column ``wanted``: exact, or else the only one that differs in case."""
    columns = list(columns)
    if wanted in columns:
        return wanted
    near = [column for column in columns if column.casefold() == wanted.casefold()]
    if len(near) == 1:
        return near[0]
    raise LoadError(f"{where} names the column {wanted!r}, which the file does not have. It has: {', '.join(columns)}.")


def _mapping(name: str, data: dict[str, Any]) -> Mapping:
    _only(data, _TOP, "the mapping")
    point = data.get("point", {})
    _only(point, {"x", "y"}, "[point]")
    if point and set(point) != {"x", "y"}:
        raise ValueError("[point] needs both x and y")
    duplicates = data.get("duplicates", "refuse")
    if duplicates not in DUPLICATES:
        raise ValueError(f"duplicates is one of {', '.join(DUPLICATES)}, not {duplicates!r}")
    crs = data.get("crs")
    if crs is not None and not isinstance(crs, int):
        raise ValueError("crs is an EPSG code, a number such as 2249")
    return Mapping(
        name=name,
        fields={target: _field(target, spec) for target, spec in _table(data, "fields").items()},
        layer=_layer(_table(data, "layer")),
        source_layer=_text(data, "source_layer"),
        crs=crs,
        anywhere=_flag(data, "anywhere"),
        text=TextForm(_encoding(data), _delimiter(data), _flag(data, "guarded")),
        duplicates=duplicates,
        x=_text(point, "x"),
        y=_text(point, "y"),
    )


def _field(target: str, spec: object) -> FieldMapping:
    if isinstance(spec, str):
        return FieldMapping(columns=(spec,))
    if not isinstance(spec, dict):
        raise ValueError(f"{target} is a column's name or a table such as {{ column = ... }} or {{ value = ... }}")
    _only(spec, _KEYS, target)
    if ("column" in spec) == ("value" in spec):
        raise ValueError(f"{target} needs either column or value")
    on_error = spec.get("on_error", "refuse")
    if on_error not in ON_ERROR:
        raise ValueError(f"on_error of {target} is one of {', '.join(ON_ERROR)}, not {on_error!r}")
    rows = _text(spec, "rows")
    if rows and rows not in ROWS:
        raise ValueError(f"rows of {target} is one of {', '.join(ROWS)}, not {rows!r}")
    unit = _text(spec, "unit") or "sqft"
    if unit not in UNITS:
        raise ValueError(f"unit of {target} is one of {', '.join(UNITS)}, not {unit!r}")
    null = spec.get("null", [])
    nulls = tuple(null) if isinstance(null, list) else (null,)
    scale, pad = spec.get("scale", 1.0), spec.get("pad", 0)
    if not isinstance(scale, int | float) or not abs(scale) <= sys.float_info.max:  # a whole number may be longer
        raise ValueError(f"scale of {target} is a number, not {scale!r}")
    if not isinstance(pad, int) or not 0 <= pad <= _MAX_PAD:
        raise ValueError(f"pad of {target} is a length up to {_MAX_PAD}, not {pad!r}")
    replaced = spec.get("values", {})
    if not isinstance(replaced, dict):
        raise ValueError(f"values of {target} is a table such as {{ one = 1, two = 2 }}, not {replaced!r}")
    for value in (spec.get("value", ""), spec.get("default", ""), *nulls, *replaced.values()):
        if not isinstance(value, str | int | float | datetime.date) or (type(value) is int and abs(value) > _MAX_INT):
            raise ValueError(f"{value!r} is no value for {target}")
    return FieldMapping(
        columns=_columns(spec, target) if "column" in spec else (),
        value=spec.get("value"),
        values=replaced,
        default=spec.get("default"),
        null=nulls,
        scale=scale * UNITS[unit],
        format=_date_format(spec, target),
        pad=pad,
        on_error=on_error,
        rows=rows,
    )


def _columns(spec: dict[str, Any], target: str) -> tuple[str, ...]:
    given = spec["column"]
    names = given if isinstance(given, list) else [given]
    if not names or len(names) > _MAX_COLUMNS or not all(isinstance(name, str) for name in names):
        raise ValueError(f"column of {target} is the name of a column, or a list of 1 to {_MAX_COLUMNS}, not {given!r}")
    return tuple(names)


def _date_format(spec: dict[str, Any], target: str) -> str:
    """A format with which a date that it has written can be read again."""
    wanted = _text(spec, "format")
    try:
        datetime.datetime.strptime(_SOME_DAY.strftime(wanted), wanted)
    except (ValueError, re.error):
        raise ValueError(f"format of {target} is as strptime takes it, such as %m/%d/%Y, not {wanted!r}") from None
    return wanted


def _layer(spec: dict[str, Any]) -> LayerMapping:
    _only(spec, {"title", "description", "key", "geometry_type", "keep", "drop", "personal", "fields"}, "[layer]")
    geometry_type = _text(spec, "geometry_type")
    if geometry_type and geometry_type not in GEOMETRY_TYPES:
        raise ValueError(f"geometry_type is one of {', '.join(GEOMETRY_TYPES)}, not {geometry_type!r}")
    fields = _table(spec, "fields")
    for column, about in fields.items():
        _only(about, {"type", "description"}, f"[layer.fields.{column}]")
        if about.get("type", "text") not in TYPES:
            raise ValueError(f"type of {column} is one of {', '.join(TYPES)}, not {about['type']!r}")
    return LayerMapping(
        title=_text(spec, "title"),
        description=_text(spec, "description"),
        key=_text(spec, "key"),
        geometry_type=geometry_type,
        keep=_texts(spec, "keep"),
        drop=_texts(spec, "drop"),
        personal=_texts(spec, "personal") if "personal" in spec else None,
        types={column: Kind(about["type"]) for column, about in fields.items() if "type" in about},
        descriptions={
            column: _text(about, "description") for column, about in fields.items() if "description" in about
        },
    )


def _text(spec: dict[str, Any], key: str) -> str:
    value = spec.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"{key} is a text, not {value!r}")
    return value


def _texts(spec: dict[str, Any], key: str) -> tuple[str, ...]:
    values = spec.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"{key} is a list of columns' names, not {values!r}")
    return tuple(values)


def _table(data: dict[str, Any], key: str) -> dict[str, Any]:
    table = data.get(key, {})
    if not isinstance(table, dict):
        raise ValueError(f"{key} is a table, not {table!r}")
    return table


def _delimiter(data: dict[str, Any]) -> str:
    delimiter = _text(data, "delimiter")
    if len(delimiter) > 1 or delimiter in {'"', "\r", "\n"}:
        raise ValueError(f'delimiter is one character, such as ";" or "\\t", not {delimiter!r}')
    return delimiter


def _flag(data: dict[str, Any], key: str) -> bool:
    value = data.get(key, False)
    if not isinstance(value, bool):
        raise ValueError(f"{key} is true or false, not {value!r}")
    return value


def _encoding(data: dict[str, Any]) -> str:
    name = _text(data, "encoding")
    if not name:
        return ""
    try:
        "".encode(name)
        return codecs.lookup(name).name
    except LookupError:
        raise ValueError(f"{name!r} is no encoding of texts that is known; such are cp1252 and utf-16") from None


def _only(spec: object, known: set[str], where: str) -> None:
    if not isinstance(spec, dict):
        raise ValueError(f"{where} is a table")
    if unknown := sorted(set(spec) - known):
        raise ValueError(f"{where} has no {', '.join(unknown)}; it may have {', '.join(sorted(known))}")
