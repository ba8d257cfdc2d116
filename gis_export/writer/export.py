"""Carries out a plan: writes each layer, reconciles it, hashes and packs the files, and tells all in a manifest."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gis_export.formats import registry
from gis_export.formats.base import Format, Written
from gis_export.plan import LayerPlan, Plan, Result, joined_names
from gis_export.writer.package import changed_at, describe, members, zip_files
from gis_export.writer.reader import Connections, LayerReader
from gis_export.writer.reconcile import reconcile
from gis_export.writer.source import Snapshot

_CANCEL_SECONDS = 0.05


def carry_out(plan: Plan, progress: Callable[[int], None]) -> Result:
    """Write the plan's files into its folder. ``progress`` is told how many records passed since the last call."""
    file_format = registry.get(plan.format)
    folder = Path(plan.folder)
    with Snapshot(plan.database) as snapshot, ThreadPoolExecutor(1, "totals") as beside:
        connections = Connections(snapshot.connect(), snapshot.connect())
        try:
            files, layers = _write_layers(plan, file_format, folder, connections, beside, progress)
        except BaseException:
            _abandon_totals(connections, beside)
            raise
        taken_at = snapshot.taken_at
    alone = len(files) == 1 and not (plan.always_zip or file_format.always_zip)
    if alone:
        ((written, known),) = files.items()
        files = {written.rename(folder / f"{plan.stem}.{file_format.extension}"): known}
    manifest: dict[str, Any] = {
        "request": plan.request,
        "format": plan.format,
        "data_changed_at": max(layer.changed_at for layer in plan.layers),
        "layers": layers,
        "withheld": plan.withheld,
        "files": [describe(path, folder, known) for path, known in files.items()],
        "software": _versions(),
    }
    records = sum(layer["records"] for layer in layers)
    # The package does not tell when it was made, so that the same data gives the same bytes.
    told = {**manifest, "data_as_of": taken_at.isoformat()}
    if alone:
        (described,) = manifest["files"]
        return Result(str(*files), described["bytes"], described["sha256"], records, told)
    manifest_file = folder / "manifest.json"
    manifest_file.write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    package = folder / f"{plan.stem}.zip"
    found = zip_files([*files, manifest_file], folder, package, changed_at(plan.layers))
    return Result(str(package), package.stat().st_size, found, records, told)


def _write_layers(
    plan: Plan,
    file_format: Format,
    folder: Path,
    connections: Connections,
    beside: ThreadPoolExecutor,
    progress: Callable[[int], None],
) -> tuple[dict[Path, str], list[dict[str, Any]]]:
    """The files, with their SHA-256 where it is known already, and what the manifest tells of each layer."""
    groups = [plan.layers] if file_format.multi_layer else [(layer,) for layer in plan.layers]
    files: dict[Path, str] = {}
    told = []
    for group in groups:
        path = folder / f"{joined_names([layer.name for layer in group])}.{file_format.extension}"
        file_format.begin(path, group)
        for layer in group:
            reader = LayerReader(layer, connections, beside, progress, file_format.has_bbox)
            written = file_format.write(reader, path)
            reconcile(layer.name, reader.source(), reader.passed, written)
            told.append(_told(layer, reader, written))
            files.update(dict.fromkeys(written.files, ""))
        files[path] = file_format.finish(path)
    return {member: known for path, known in files.items() for member in members(path)}, told


def _abandon_totals(connections: Connections, beside: ThreadPoolExecutor) -> None:
    """Stop their query, which may take long, also where its thread is about to begin it."""
    idle = beside.submit(lambda: None)
    while not wait([idle], _CANCEL_SECONDS).done:
        connections.totals.adbc_cancel()


def _told(layer: LayerPlan, reader: LayerReader, written: Written) -> dict[str, Any]:
    """A layer's part of the manifest."""
    source = reader.source()
    return {
        "layer": layer.name,
        "crs": f"EPSG:{layer.srid}",
        "geometry_type": layer.geometry_type,
        "fields": [column.name for column in layer.columns],
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


def _versions() -> dict[str, str]:
    import pyogrio

    packages = ("pyogrio", "pyarrow", "adbc-driver-postgresql", "pyproj")
    return {"gdal": pyogrio.__gdal_version_string__, **{name: version(name) for name in packages}}
