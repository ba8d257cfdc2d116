"""The formats whose types are their own, by GDAL. What it warns of refuses the file: a warning names no row."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyogrio
import pyogrio.raw
from pyproj import CRS
from pyproj.exceptions import CRSError

from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.readers.base import BATCH_ROWS, Rows, Source
from terrafusion.records.loading.targets import Kind
from terrafusion.words import counted

_KINDS = {  # of OGR's field types, a sub-type first
    "OFTInteger:OFSTBoolean": Kind.BOOLEAN,
    "OFTInteger": Kind.INTEGER,
    "OFTInteger64": Kind.INTEGER,
    "OFTReal": Kind.REAL,
    "OFTDate": Kind.DATE,
    "OFTDateTime": Kind.DATETIME,
    "OFTBinary": None,
}
_FIELD_TYPES = "GML_FIELDTYPES"
_HARMLESS = re.compile(  # what changes no value
    r"organizePolygons|winding order|Measured|M values|user_version|application_id|not conformant|"
    r"Several features with id|Cannot find .*\.(qix|idm|ind)|Sequential read|gfs|Compressed|FID",
    re.IGNORECASE,
)


@dataclass
class GdalSource(Source):
    dataset: str = ""
    name: str = ""  # GDAL's of the layer
    missing: frozenset[int] = field(default_factory=frozenset)

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Rows]:
        read = 0
        with (
            _without_warnings(self.path),
            pyogrio.raw.open_arrow(
                self.dataset,
                layer=self.name,
                columns=list(columns),
                read_geometry=geometry and self.geometry_type is not None,
                batch_size=BATCH_ROWS,
                use_pyarrow=True,
            ) as (meta, reader),
        ):
            name = meta["geometry_name"] or "wkb_geometry"
            for batch in reader:
                read += batch.num_rows
                index = batch.schema.get_field_index(name) if geometry and self.geometry_type is not None else -1
                yield Rows(batch.select(list(columns)), batch.column(index) if index >= 0 else None)
        if read != self.rows:
            announced = counted(self.rows or 0, "row")
            raise LoadError(f"{self.path.name} is damaged: it announces {announced}, but {read:,} can be read.")


def layers(file: Path) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # it comes again, and is minded, when the layer is opened
        return [str(name) for name, _ in pyogrio.list_layers(str(file))]


def open_gdal(path: Path, file: Path, layer: str, drivers: frozenset[str] = frozenset(), what: str = "") -> GdalSource:
    """``layer`` is empty where the file can have only one."""
    with _without_warnings(path):
        name = layer or layers(file)[0]
        info = pyogrio.read_info(str(file), layer=name, force_feature_count=True)
    if drivers and info["driver"] not in drivers:
        raise LoadError(f"{path.name} is not {what}: its contents are {info['driver']}.")
    types = {
        str(name): kind if sub == "OFSTNone" else f"{kind}:{sub}"
        for name, kind, sub in zip(info["fields"], info["ogr_types"], info["ogr_subtypes"], strict=True)
    }
    return GdalSource(
        path=path,
        layer=layer or name,
        columns=tuple(types),
        types={name: _kind(kind) for name, kind in types.items()},
        crs=crs_of(info["crs"]),
        geometry_type=info["geometry_type"],
        rows=int(info["features"]),
        dataset=str(file),
        name=name,
    )


def alone_with_schema(file: Path, scratch: Path) -> Path:
    """GML, alone in a folder with its schema: where there is none that GDAL understands, it takes a parcel number of
    digits for a number, and writes that into a file beside it. Opened from here, all of its values are then texts."""
    folder = scratch / "gml"
    folder.mkdir()
    alone = folder / file.name
    for part in (file, file.with_suffix(".xsd")):
        if part.exists():
            (folder / part.name).symlink_to(part.resolve())
    before = pyogrio.get_gdal_config_option(_FIELD_TYPES)
    pyogrio.set_gdal_config_options({_FIELD_TYPES: "ALWAYS_STRING"})
    try:
        layers(alone)  # which writes the types beside it
    finally:
        pyogrio.set_gdal_config_options({_FIELD_TYPES: before})
    return alone


def crs_of(text: str | None) -> CRS | None:
    if not text:
        return None
    try:
        return CRS.from_user_input(text)
    except CRSError:
        return None


def _kind(ogr_type: str) -> Kind | None:
    """None for what an attribute cannot hold; text for all that has no type of its own."""
    if ogr_type in _KINDS:
        return _KINDS[ogr_type]
    return _KINDS.get(ogr_type.split(":")[0], Kind.TEXT)


@contextmanager
def _without_warnings(path: Path) -> Iterator[None]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RuntimeWarning)
        yield
    for warning in caught:
        text = str(warning.message)
        if issubclass(warning.category, RuntimeWarning) and not _HARMLESS.search(text):
            raise LoadError(f"{path.name} cannot be read exactly: {text.splitlines()[0].rstrip('. ')}.")
