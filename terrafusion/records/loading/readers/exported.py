"""Exports of this product: by what their manifest says of a layer, it comes back as it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyproj import CRS

from terrafusion.records.loading.readers.base import Rows, Source, record_batch
from terrafusion.records.loading.targets import Kind

MANIFEST = "manifest.json"
MAX_BYTES = 1 << 26
_POINT = ("point_x", "point_y")  # of tables that were asked for a point instead of the geometry
_FOLDER = ".gdb"
_PIECE = 1 << 20


@dataclass(frozen=True)
class ExportedLayer:
    """``fields`` has the type of each; ``names`` what those are called in the file that have another name there. The
    layer itself is ``name_in_file``. ``geometry_type`` is a Multi type or Point, ``losses`` are sentences.
    ``operation`` is as in ``Source``."""

    name: str
    name_in_file: str
    crs: str
    geometry_type: str
    fields: dict[str, Kind]
    names: dict[str, str]
    losses: tuple[str, ...]
    operation: str


@dataclass(frozen=True)
class Manifest:
    """``layers`` by the file or folder that they are in; ``files`` have their SHA-256."""

    layers: dict[str, tuple[ExportedLayer, ...]]
    files: dict[str, str]

    def describes(self, file: Path) -> bool:
        """Whether the file, or the geodatabase, with all that belongs to it has the bytes that were written."""
        if len(self.files) == 1 and file.is_file():
            return _sha256(file) in self.files.values()
        parts = {name: digest for name, digest in self.files.items() if self._belongs(name, file)}
        places = {name: file.parent / name for name in parts}
        return bool(parts) and all(
            places[name].is_file() and _sha256(places[name]) == digest for name, digest in parts.items()
        )

    def layers_in(self, file: Path) -> tuple[ExportedLayer, ...]:
        """A single file may have been renamed."""
        alone = next(iter(self.layers.values()), ()) if len(self.layers) == 1 else ()
        return self.layers.get(file.name, alone)

    def _belongs(self, name: str, file: Path) -> bool:
        if file.suffix == _FOLDER:
            return name.startswith(f"{file.name}/")
        path = PurePosixPath(name)
        beside = {f"{layer.name}.csv" for layer in self.layers_in(file)} if file.suffix == ".dxf" else set()
        return path.stem == file.stem or name in beside


@dataclass
class ExportedSource(Source):
    """``inner`` under the names and with the types that the layer had. ``blank_is_absent``: the format has no empty
    texts."""

    inner: Source = field(kw_only=True)
    written: dict[str, str] = field(default_factory=dict)
    blank_is_absent: bool = False

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Rows]:
        for rows in self.inner.batches([self.written[name] for name in columns], geometry):
            batch = rows.batch.rename_columns(list(columns))
            if self.blank_is_absent:
                batch = record_batch({name: _absent(batch.column(name)) for name in columns}, batch.num_rows)
            yield Rows(batch, rows.wkb, rows.problems)


def read(text: bytes) -> Manifest | None:
    """None where the text is no manifest of an export."""
    try:
        manifest = json.loads(text)
        layers: dict[str, list[ExportedLayer]] = {}
        for layer in manifest["layers"]:
            layers.setdefault(str(layer["file"]), []).append(_layer(layer))
        files = {str(file["name"]): str(file["sha256"]) for file in manifest["files"]}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return Manifest({name: tuple(each) for name, each in layers.items()}, files)


def beside(folder: Path) -> Manifest | None:
    """The manifest in a folder; None where there is none."""
    path = folder / MANIFEST
    return read(path.read_bytes()) if path.is_file() and path.stat().st_size < MAX_BYTES else None


def restored(source: Source, layer: ExportedLayer, blank_is_absent: bool) -> Source:
    """``source`` as the layer that it was written from. What the export says it lost is noted."""
    written = {layer.names.get(name, name): name for name in layer.fields}
    columns = {written[name]: name for name in source.columns if name in written}
    columns |= {name: name for name in source.columns if name in _POINT}
    for loss in layer.losses:
        source.note(loss)
    if lost := [name for name in layer.fields if name not in columns]:
        source.note(f"The file has no column for {', '.join(lost)}.")
    has_shapes = source.geometry_type is not None
    return ExportedSource(
        path=source.path,
        layer=layer.name,
        columns=tuple(columns),
        types={name: layer.fields.get(name, source.types[column]) for name, column in columns.items()},
        crs=CRS.from_user_input(layer.crs) if has_shapes else source.crs,
        geometry_type=layer.geometry_type.removeprefix("Multi") if has_shapes else None,
        rows=source.rows,
        notes=source.notes,
        operation=layer.operation,
        undecoded=source.undecoded,
        inner=source,
        written=columns,
        blank_is_absent=blank_is_absent,
    )


def _absent(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(values, ""), None, values) if pa.types.is_string(values.type) else values


def _layer(layer: dict[str, Any]) -> ExportedLayer:
    losses: list[dict[str, Any]] = layer["losses"]
    becomes = {loss["field"]: loss["becomes"] for loss in losses if loss.get("becomes")}
    name = str(layer["layer"])
    return ExportedLayer(
        name=name,
        name_in_file=becomes.pop("", name),
        crs=layer["crs"],
        geometry_type=layer["geometry_type"],
        fields={name: Kind(kind) for name, kind in zip(layer["fields"], layer["types"], strict=True)},
        names=becomes,
        losses=tuple(_sentences(losses)),
        operation=(layer["transformation"] or {}).get("name", ""),
    )


def _sentences(losses: list[dict[str, Any]]) -> Iterator[str]:
    """One for each kind and detail, with the fields that it is of. Names that are restored are no loss."""
    fields: dict[tuple[str, str], list[str]] = {}
    for loss in losses:
        if not loss.get("becomes"):
            of = (loss["field"], f"{loss['count']:,}" if loss["count"] else "")
            fields.setdefault((loss["kind"], loss["detail"]), []).append(" ".join(filter(None, of)))
    for (kind, detail), touched in fields.items():
        named = ", ".join(filter(None, touched))
        yield f"In the export, {kind}{f' ({named})' if named else ''}: {detail}"


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
