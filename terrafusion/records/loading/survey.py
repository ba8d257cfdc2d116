"""What is in a file, before anyone loads it: its columns with their values, its shapes and where they lie.

The file is read once, as a load reads it. Memory grows only with what is still unlike in every row.
"""

from __future__ import annotations

import datetime
import math
import re
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from pyproj import Transformer
from pyproj.exceptions import ProjError

from terrafusion.records.loading.convert import convert
from terrafusion.records.loading.mapping import FieldMapping
from terrafusion.records.loading.readers import Source, batches
from terrafusion.records.loading.targets import Kind, Target

MAX_VALUES = 1_000
"""Distinct values that are counted of a column that has duplicates; more are only known to be more."""
_EXAMPLES = 3
_WIDTH = 40  # characters of an example
_PERSONAL = re.compile(
    r"owne?r|own_?(name|n|addr|mail|city|st)|taxpayer|mail|grantor|grantee|buyer|seller|resident|tenant|occupant|"
    r"phone|e_?mail|fax|ssn|birth|(first|last|full|given|family|contact|billing)_?name|attention|care_?of|applicant",
    re.IGNORECASE,
)
_CODE = r"^0\d"  # digits with a leading zero are a code: as a number, it would lose it
_KINDS = (Kind.INTEGER, Kind.REAL, Kind.BOOLEAN, Kind.DATE, Kind.DATETIME)  # the narrowest first
DATE_FORMATS = ("%d.%m.%Y", "%d/%m/%Y", "%m-%d-%Y", "%d-%m-%Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%m/%d/%y")
"""Those that have to be named in a mapping, the likeliest first."""


def is_personal(name: str) -> bool:
    """Whether a column of this name may name a person or say where a person gets mail: its values are not shown."""
    return bool(_PERSONAL.search(name))


@dataclass
class ColumnSurvey:
    """One column. ``type`` is what the file calls it, ``kind`` the narrowest that each of its values is read as.

    ``filled`` rows have a value, ``undecodable`` of them a text that is not in the file's encoding. ``distinct`` counts
    the values, up to ``MAX_VALUES`` where ``more`` is true; ``unique`` says that no value occurs twice. ``low`` and
    ``high`` are of numbers, ``width`` is the longest text, in characters. ``formats`` are those of dates that all
    values have where ``kind`` is text. ``examples`` are empty where the column may be personal.
    """

    name: str
    type: str
    personal: bool
    kind: Kind = Kind.TEXT
    filled: int = 0
    undecodable: int = 0
    distinct: int = 0
    more: bool = False
    unique: bool = False
    low: float | None = None
    high: float | None = None
    width: int = 0
    formats: tuple[str, ...] = ()
    examples: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Survey:
    """A layer of a file. ``bounds`` are west, south, east, north in EPSG:4326, None where there is no place."""

    file: str
    layer: str
    rows: int
    geometry_type: str | None
    crs: str
    bounds: tuple[float, float, float, float] | None
    without_geometry: int
    columns: list[ColumnSurvey]


def survey(source: Source) -> Survey:
    """Reads the whole layer. Raises ``LoadError`` where a load would for the file itself."""
    readers = {name: _Reader(name, str(source.types[name] or "binary")) for name in source.columns}
    rows = without = 0
    bounds = np.array([math.inf, math.inf, -math.inf, -math.inf])
    for part in batches(source, source.columns, geometry=True):
        shapes = part.wkb
        rows += part.batch.num_rows
        for name, reader in readers.items():
            reader.read(part.batch.column(name))
        if shapes is not None:
            without += shapes.null_count
            extent = shapely.total_bounds(shapely.from_wkb(shapes.to_numpy(zero_copy_only=False), on_invalid="ignore"))
            bounds = np.array([*np.fmin(bounds[:2], extent[:2]), *np.fmax(bounds[2:], extent[2:])])
    return Survey(
        file=source.path.name,
        layer=source.layer,
        rows=rows,
        geometry_type=source.geometry_type,
        crs=_name(source),
        bounds=_place(source, bounds),
        without_geometry=without,
        columns=[reader.column() for reader in readers.values()],
    )


class _Reader:
    """Gathers what is known of a column, a batch at a time."""

    def __init__(self, name: str, file_type: str) -> None:
        self._column = ColumnSurvey(name, file_type, is_personal(name))
        self._kinds = list(_KINDS)
        self._formats = list(DATE_FORMATS)
        self._values: set[object] = set()
        self._repeated = False

    def read(self, values: pa.Array) -> None:
        column = self._column
        values, undecodable = _decoded(values)
        column.undecodable += undecodable
        values = _known(values)
        column.filled += len(values)
        if not len(values):
            return
        texts = _texts(values)
        distinct = pc.unique(texts)
        self._count(distinct, len(values))
        column.width = max(column.width, pc.max(pc.utf8_length(distinct)).as_py() or 0)
        self._narrow(values if not _is_text(values) else distinct)
        for value in distinct.slice(0, _EXAMPLES).to_pylist():
            if not column.personal and len(column.examples) < _EXAMPLES and value[:_WIDTH] not in column.examples:
                column.examples.append(value[:_WIDTH])

    def column(self) -> ColumnSurvey:
        column = self._column
        column.distinct = len(self._values)
        column.unique = not self._repeated and column.filled > 0
        column.more = self._repeated and column.distinct >= MAX_VALUES
        column.distinct = min(column.distinct, MAX_VALUES) if column.more else column.distinct
        if column.filled:
            column.kind = self._kinds[0] if self._kinds else Kind.TEXT
            column.formats = tuple(self._formats) if column.kind is Kind.TEXT else ()
        if column.kind not in {Kind.INTEGER, Kind.REAL}:
            column.low = column.high = None
        return column

    def _count(self, distinct: pa.Array, rows: int) -> None:
        if self._repeated and len(self._values) >= MAX_VALUES:
            return
        before = len(self._values)
        self._values.update(map(hash, distinct.to_pylist()))  # 64 bits: two of a million are alike once in 10 million
        self._repeated = self._repeated or len(self._values) - before < rows

    def _narrow(self, values: pa.Array) -> None:
        """Strikes out the kinds that a value is not read as, by the rules of loading."""
        column = self._column
        if _is_text(values) and pc.any(pc.match_substring_regex(values, _CODE)).as_py():
            self._kinds = [kind for kind in self._kinds if kind not in {Kind.BOOLEAN, Kind.INTEGER, Kind.REAL}]
        for kind in tuple(self._kinds):
            read = _converted(values, kind)
            if read is None:
                self._kinds.remove(kind)
            elif kind in {Kind.INTEGER, Kind.REAL}:
                ends = pc.min_max(read).as_py()
                column.low = float(min(ends["min"], math.inf if column.low is None else column.low))
                column.high = float(max(ends["max"], -math.inf if column.high is None else column.high))
        if not self._kinds and self._formats:
            self._formats = [wanted for wanted in self._formats if _converted(values, Kind.DATE, wanted) is not None]


def _converted(values: pa.Array, kind: Kind, date_format: str = "") -> pa.Array | None:
    """The values as this kind, by the rules of loading; None where one is not read as it. The first decides mostly."""
    read = None
    for part in (values.slice(0, 1), values):
        read, problems = convert(part, Target("", kind), FieldMapping(format=date_format), datetime.date.max)
        if problems or read.null_count:
            return None
    return read


def _decoded(values: pa.Array) -> tuple[pa.Array, int]:
    """Texts with a mark for each byte that is not UTF-8; how many have one."""
    if not _is_text(values):
        return values, 0
    try:
        values.validate(full=True)
        return values, 0
    except pa.ArrowInvalid:
        raw = values.cast(pa.large_binary()).to_pylist()
        texts = [None if one is None else one.decode(errors="replace") for one in raw]
        return pa.array(texts, pa.string()), sum("\ufffd" in text for text in texts if text)


def _known(values: pa.Array) -> pa.Array:
    """Without nulls and texts of blanks alone; what is no text, number or time, as a text."""
    if _is_text(values):
        texts = values.cast(pa.string())
        return texts.filter(pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(texts), ""), False))
    return values.drop_null()


def _is_text(values: pa.Array) -> bool:
    return bool(pa.types.is_string(values.type) or pa.types.is_large_string(values.type))


def _texts(values: pa.Array) -> pa.Array:
    if pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type) or pa.types.is_nested(values.type):
        return pa.array(["(binary)" if isinstance(one, bytes) else str(one) for one in values.to_pylist()], pa.string())
    return values.cast(pa.string())


def _name(source: Source) -> str:
    if source.crs is None:
        return ""
    authority = source.crs.to_authority()
    return f"{':'.join(authority)} {source.crs.name}" if authority else source.crs.name


def _place(source: Source, bounds: np.ndarray) -> tuple[float, float, float, float] | None:
    if source.crs is None or not np.isfinite(bounds).all():
        return None
    try:
        ends = Transformer.from_crs(source.crs, 4326, always_xy=True).transform_bounds(*bounds)
    except ProjError:
        return None
    west, south, east, north = (round(float(end), 5) for end in ends)
    return (west, south, east, north) if all(map(math.isfinite, ends)) else None
