"""Carries out a plan: writes each layer, reconciles it, hashes and packs the files, and writes the manifest."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pyogrio

from gis_export import signing, software
from gis_export.formats import registry
from gis_export.formats.base import BOUNDARY_FORMAT, Format, Written
from gis_export.plan import ExportPlan, ExportResult, LayerPlan, joined_names
from gis_export.writer.package import changed_at, describe, members, zip_files
from gis_export.writer.reader import Connections, LayerReader
from gis_export.writer.reconcile import reconcile
from gis_export.writer.source import Snapshot, row

_CANCEL_SECONDS = 0.05
_DATABASE_SOFTWARE = (
    "SELECT current_setting('server_version') AS postgresql, postgis_lib_version() AS postgis, "
    "postgis_geos_version() AS geos, postgis_proj_version() AS proj"
)


def run_plan(plan: ExportPlan, progress: Callable[[int], None]) -> ExportResult:
    """Write the plan's files into its folder. ``progress`` gets how many records passed since the last call."""
    folder = Path(plan.folder)
    with Snapshot(plan.database, plan.snapshot) as snapshot, ThreadPoolExecutor(1, "totals") as beside:
        connections = Connections(snapshot.connect(), snapshot.connect())
        writing = _Writing(plan, connections, beside, progress)
        try:
            writing.layers()
            packed = writing.packed or len(writing.files) > 1
            if packed:
                writing.boundary()
        except BaseException:
            _abandon_totals(connections, beside)
            raise
        taken_at = snapshot.taken_at
        database_software = row(connections.rows, _DATABASE_SOFTWARE)
    files, layers = writing.files, writing.described_layers
    if not packed:
        ((written, known),) = files.items()
        files = {written.rename(folder / f"{plan.stem}.{writing.format.extension}"): known}
        layers = [{**layer, "file": name.name} for layer in layers for name in files]
    manifest: dict[str, Any] = {
        "job": plan.job,
        "request": plan.request,
        "format": plan.format,
        "data_changed_at": max(layer.changed_at for layer in plan.layers),
        "layers": layers,
        "area_of_interest": writing.described_boundary,
        "withheld": plan.withheld,
        "files": [describe(path, folder, known) for path, known in files.items()],
        "software": {**software.versions(), "gdal": pyogrio.__gdal_version_string__, **database_software},
    }
    records = sum(layer["records"] for layer in layers)
    # The package does not say when it was made.
    dated_manifest = _signed({**manifest, "data_as_of": taken_at.isoformat()}, plan)
    if not packed:
        (described,) = manifest["files"]
        return ExportResult(str(*files), described["bytes"], described["sha256"], records, dated_manifest)
    manifest_file = folder / "manifest.json"
    manifest_file.write_text(json.dumps(_signed(manifest, plan), indent=2), encoding="utf-8")
    package = folder / f"{plan.stem}.zip"
    digest = zip_files([*files, manifest_file], folder, package, changed_at(plan.layers))
    return ExportResult(str(package), package.stat().st_size, digest, records, dated_manifest)


def _signed(manifest: dict[str, Any], plan: ExportPlan) -> dict[str, Any]:
    """A part, and the boundary of a package, are no exports of their own: only the whole is signed."""
    return signing.signed(manifest, plan.signing_key) if plan.signing_key else manifest


class _Writing:
    """The files of a plan while they are made: ``files`` with their SHA-256 where it is known already, and the entries
    of the manifest: of each layer in ``described_layers``, of the boundary in ``described_boundary``."""

    def __init__(
        self, plan: ExportPlan, connections: Connections, beside: ThreadPoolExecutor, progress: Callable[[int], None]
    ) -> None:
        self.format = registry.get(plan.format)
        self.packed = plan.always_zip or self.format.always_zip
        self.files: dict[Path, str] = {}
        self.described_layers: list[dict[str, Any]] = []
        self.described_boundary: dict[str, Any] | None = None
        self._plan = plan
        self._connections = connections
        self._beside = beside
        self._progress = progress

    def layers(self) -> None:
        """All that the request asks for; with the boundary, where the format takes that for a layer of a package."""
        plan = self._plan
        inside = [plan.boundary] if plan.boundary and self.packed and self.format.boundary_layer else []
        for group in [plan.layers] if self.format.multi_layer else [(layer,) for layer in plan.layers]:
            name = joined_names([layer.name for layer in group])
            self.described_layers += self._write(self.format, name, (*group, *inside))
        if inside:
            self.described_boundary = self.described_layers.pop()

    def boundary(self) -> None:
        """Beside the layers, unless it is among them."""
        plan = self._plan
        if plan.boundary and self.described_boundary is None:
            (self.described_boundary,) = self._write(
                registry.get(BOUNDARY_FORMAT), plan.boundary.name, (plan.boundary,)
            )

    def _write(self, file_format: Format, name: str, layers: tuple[LayerPlan, ...]) -> list[dict[str, Any]]:
        """One file, or folder, of these layers."""
        path = Path(self._plan.folder) / f"{name}.{file_format.extension}"
        files: dict[Path, str] = {}
        described = []
        file_format.begin(path, layers)
        for layer in layers:
            counting = dataclasses.replace(layer, notices=(*layer.notices, *file_format.notices(layer)))
            reader = LayerReader(counting, self._connections, self._beside, self._passed(layer), file_format.has_bbox)
            written = file_format.write(reader, path)
            reconcile(layer.name, reader.source(), reader.passed, written)
            described.append({**_describe(layer, reader, written), "file": path.name})
            files.update(dict.fromkeys(written.files, ""))
        files[path] = file_format.finish(path)
        self.files |= {member: known for path, known in files.items() for member in members(path)}
        return described

    def _passed(self, layer: LayerPlan) -> Callable[[int], None]:
        return (lambda _: None) if layer is self._plan.boundary else self._progress


def _abandon_totals(connections: Connections, beside: ThreadPoolExecutor) -> None:
    """Stop their query, which may take long, also where its thread is about to begin it."""
    idle = beside.submit(lambda: None)
    while not wait([idle], _CANCEL_SECONDS).done:
        connections.totals.adbc_cancel()


def _describe(layer: LayerPlan, reader: LayerReader, written: Written) -> dict[str, Any]:
    """A layer's part of the manifest."""
    source = reader.source()
    return {
        "layer": layer.name,
        "crs": f"EPSG:{layer.srid}",
        "transformation": layer.transformation,
        "geometry_type": layer.geometry_type,
        "fields": [column.name for column in layer.columns],
        "types": [column.type for column in layer.columns],
        "records": source.records,
        "records_without_geometry": source.without_geometry,
        "extent": source.extent or written.extent,
        "reconciliation": {
            "source": dataclasses.asdict(source),
            "written": {**dataclasses.asdict(reader.passed), "extent": written.extent},
            "records_in_file": written.records,
            "area_unit": f"square units of EPSG:{layer.srid}",
        },
        "losses": [dataclasses.asdict(loss) for loss in (*reader.noticed(), *written.losses)],
    }
