"""Exports of the nasty county, each made once through HTTP and the runner, and read by many tests."""

from __future__ import annotations

import datetime
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.contrib.auth import get_user_model
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.test.utils import setup_databases, teardown_databases
from rest_framework.test import APIClient

from gis_export import client
from gis_export.formats import registry
from gis_export.models import GisExportJob
from terrafusion.jobs import runner
from terrafusion.records.layers import layers_of
from terrafusion.records.models import County, CountyAccess, PropertyOperational, ReferenceFeature, Sale
from tests.conftest import wait_for_job
from tests.gis_export import data

URL = "/api/v1/gis-export"
FORMATS = list(registry.all_formats())
STATE_PLANE = 2926


@pytest.fixture(scope="package", autouse=True)
def _writer() -> Iterator[None]:
    """The writer keeps connections to the test database, which could not be dropped under it."""
    yield
    close_writer()


@pytest.fixture
def loaded(county: County) -> County:
    """The county, with the layers of ``data``."""
    data.load(county)
    return county


def close_writer() -> None:
    if client._warm is not None:
        client._warm.close()
        client._warm = None


@dataclass(frozen=True)
class Row:
    """A record as the database has it."""

    values: dict[str, Any]
    geometry: Any

    @property
    def has_shape(self) -> bool:
        return self.geometry is not None and not self.geometry.is_empty


@dataclass(frozen=True)
class Export:
    """A finished export, and its files: those of the zip where it is one."""

    job: GisExportJob
    path: Path
    folder: Path

    @property
    def manifest(self) -> dict[str, Any]:
        manifest: dict[str, Any] = self.job.result_summary
        return manifest

    @cached_property
    def files(self) -> dict[str, Path]:
        if self.path.suffix != ".zip":
            return {self.path.name: self.path}
        with zipfile.ZipFile(self.path) as archive:
            assert archive.testzip() is None
            archive.extractall(self.folder)
            return {name: self.folder / name for name in archive.namelist()}

    def holding(self, layer: str) -> Path:
        """The file that holds the layer; a folder, where the format makes one."""
        kind = registry.get(self.job.export_format)
        if f"{layer}.{kind.extension}" in self.files and not kind.multi_layer:
            return self.files[f"{layer}.{kind.extension}"]
        (name,) = {name.split("/")[0] for name in self.files if f".{kind.extension}/" in f"{name}/"}
        return self.path if name == self.path.name else self.folder / name

    def file(self, suffix: str) -> Path:
        """The only file of that suffix."""
        (matching,) = [path for name, path in self.files.items() if name.endswith(suffix)]
        return matching

    def losses(self, layer: str) -> list[tuple[str, str, int | None]]:
        (entry,) = [entry for entry in self.manifest["layers"] if entry["layer"] == layer]
        return [(loss["kind"], loss["field"], loss["count"]) for loss in entry["losses"]]


def run_export(api: APIClient, county: County, export_format: str, layers: list[str], **more: Any) -> GisExportJob:
    """Submit over HTTP, run in this process, and wait for the end. The work is done, whatever was made before."""
    more = {**more, "parameters": {**more.get("parameters", {}), "fresh": True}}
    body = {"export_format": export_format, "county_id": county.pk, "layers": layers, **more}
    response = api.post(f"{URL}/run", body, format="json")
    assert response.status_code == 202, response.content
    job = GisExportJob.objects.get(pk=response.data["job_id"])
    runner.run("gis_export.GisExportJob", str(job.pk))
    ended: GisExportJob = wait_for_job(job)
    return ended


class Exports:
    """``exports("GeoJSON", "parcels", area=..., crs=...)``; the same call gives the same export."""

    def __init__(self, county: County, api: APIClient, folder: Path, unblock: Callable[[], Any]) -> None:
        self.county, self.api, self.folder, self.unblock = county, api, folder, unblock
        self._made: dict[str, Export] = {}
        self._rows: dict[str, list[Row]] = {}

    def __call__(self, export_format: str, *layers: str, area: Any = None, **parameters: Any) -> Export:
        key = json.dumps([export_format, layers, area, parameters])
        if key not in self._made:
            self._made[key] = self.make(export_format, *layers, area=area, **parameters)
        return self._made[key]

    def make(self, export_format: str, *layers: str, area: Any = None, **parameters: Any) -> Export:
        """The same, always anew."""
        with self.unblock():
            job = run_export(
                self.api, self.county, export_format, list(layers), area_of_interest=area, parameters=parameters
            )
        assert job.status == "COMPLETED", f"{job.error_code}: {job.message}"
        return Export(job, Path(default_storage.path(job.result_file)), self.folder / str(job.pk))

    def rows(self, layer: str) -> list[Row]:
        """What the database has, in the order of the export, read without the export's SQL."""
        if layer not in self._rows:
            with self.unblock():
                self._rows[layer] = _database_rows(self.county, layer)
        return self._rows[layer]

    def fields(self, layer: str) -> list[str]:
        return list(self.rows(layer)[0].values)

    def types(self, layer: str) -> dict[str, str]:
        """By the names of the fields, as the layer registry has them."""
        with self.unblock():
            return dict(_fields(self.county, layer))


def _fields(county: County, layer: str) -> list[tuple[str, str]]:
    return next([(f.name, f.type.value) for f in one.fields] for one in layers_of(county) if one.name == layer)


def _database_rows(county: County, layer: str) -> list[Row]:
    names = _fields(county, layer)
    records: Any = {"parcels": PropertyOperational, "sales": Sale}.get(layer)
    expected = []
    if records is not None:
        for record in records.objects.filter(county=county).order_by("pk"):
            geometry = record.point if layer == "sales" else record.geometry
            expected.append(Row({name: getattr(record, name) for name, _ in names}, _shapely(geometry)))
        return expected
    for record in ReferenceFeature.objects.filter(layer__county=county, layer__name=layer).order_by("pk"):
        values = {name: _typed(record.attributes.get(name), kind) for name, kind in names}
        expected.append(Row(values, _shapely(record.geometry)))
    return expected


def _typed(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "date":
        return datetime.date.fromisoformat(value)
    if kind == "datetime":
        return datetime.datetime.fromisoformat(value).astimezone(datetime.UTC)
    return float(value) if kind == "real" else value


def _shapely(geometry: Any) -> Any:
    return None if geometry is None else shapely.from_wkb(bytes(geometry.wkb))


@pytest.fixture(scope="session")
def _database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database: pytest-django makes none where no test of the run asks for it, and NO other may be touched."""
    with django_db_blocker.unblock():
        if connection.settings_dict["NAME"] == connection.settings_dict["TEST"]["NAME"]:
            yield
            return
        made = setup_databases(verbosity=0, interactive=False, aliases={"default"})  # type: ignore[arg-type]
        yield
        teardown_databases(made, verbosity=0)


@pytest.fixture(scope="session")
def exports(_database: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exports]:
    """Exports of ``NASTY``, by an analyst who may see personal data.

    Its rows are committed, so only tests that do not ask for the database themselves may use it: they run last.
    """
    with django_db_blocker.unblock():
        county = County.objects.create(id="NASTY", name="Nasty", state="WA", state_plane_srid=STATE_PLANE)
        user = get_user_model().objects.create_user("nasty")
        CountyAccess.objects.create(user=user, county=county, role="analyst", may_see_personal_data=True)
        data.load(county)
    api = APIClient()
    api.force_authenticate(user)
    yield Exports(county, api, tmp_path_factory.mktemp("exports"), django_db_blocker.unblock)
    close_writer()
    with django_db_blocker.unblock():
        call_command("flush", interactive=False, verbosity=0)
