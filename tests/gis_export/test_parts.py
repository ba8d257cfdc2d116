"""Exports that several workers write: what comes out, and what becomes of parts that fail, of cancel, of the rest."""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
import json
import shutil
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
from django.conf import settings as django_settings
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from moto.server import ThreadedMotoServer
from rest_framework.test import APIClient

from gis_export import client
from gis_export.errors import ReconciliationFailed, WriterCrashed
from gis_export.models import ExportPart, GisExportJob
from gis_export.parts import assemble, coordinate
from gis_export.parts import cut as cut_module
from terrafusion.jobs import dispatch, publish, runner
from terrafusion.jobs.states import ACTIVE, Status
from terrafusion.jobs.sweep import sweep
from terrafusion.records import county_time
from terrafusion.records.models import County, CountySettings, PropertyOperational, ReferenceFeature, Sale
from tests.conftest import wait_until
from tests.gis_export.conftest import run_export
from tests.gis_export.test_writer_process import in_background, running

pytestmark = pytest.mark.django_db(transaction=True)
PARTS = 4  # of 24 records
CLIP = {"type": "bbox", "coordinates": [-122.3, 47.6, -122.2, 47.6005]}
_BUCKET = "parts-of-exports"  # moto keeps one set of buckets for all tests of a process
_S3 = "storages.backends.s3.S3Storage"


@pytest.fixture
def cut(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exports are cut into parts."""
    media = Path(settings.MEDIA_ROOT)
    for folder in (*media.glob("gis_exports_output/*/parts"), *media.glob(".work/*")):
        shutil.rmtree(folder)  # of tests that did not look what was left, and of workers that others have killed
    settings.EXPORT_PARTS_ABOVE, settings.EXPORT_PART_RECORDS = 20, 7
    settings.LONG_WORKERS = PARTS
    monkeypatch.setattr(coordinate, "_LOOK_SECONDS", 0.03)


@pytest.fixture
def ask(api: APIClient, loaded: County, cut: None) -> Callable[..., GisExportJob]:
    def make(export_format: str = "CSV", **more: Any) -> GisExportJob:
        return run_export(api, loaded, export_format, ["parcels"], **more)

    return make


def parts_of(job: GisExportJob) -> list[ExportPart]:
    return list(ExportPart.objects.filter(parent=job).order_by("number", "created_at"))


def left_over() -> list[str]:
    """Files of parts in storage, and workdirs, when the sweep has been."""
    sweep()
    media = Path(django_settings.MEDIA_ROOT)
    return [str(path) for place in ("gis_exports_output/*/parts/*", ".work/*") for path in media.glob(place)]


def content(job: GisExportJob) -> bytes:
    with default_storage.open(job.result_file) as file:
        return bytes(file.read())


def members(job: GisExportJob) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content(job))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# What comes out.


@pytest.mark.parametrize("export_format", ["CSV", "GeoJSONSeq"])
@pytest.mark.parametrize("parameters", [{}, {"package": "zip"}, {"crs": "state_plane"}, {"spatial_operation": "clip"}])
def test_merged_parts_are_the_file_that_one_writer_makes(
    ask: Any, settings: Any, export_format: str, parameters: dict[str, Any]
) -> None:
    if export_format == "GeoJSONSeq" and "crs" in parameters:
        pytest.skip("RFC 8142 knows WGS 84 only.")
    area = CLIP if "spatial_operation" in parameters else None
    job = ask(export_format, parameters=parameters, area_of_interest=area)
    assert job.status == "COMPLETED", job.message
    assert [part.status for part in parts_of(job)] == ["COMPLETED"] * PARTS
    assert sum(part.record_count or 0 for part in parts_of(job)) == job.record_count
    assert job.record_count == 24 or area
    settings.EXPORT_PARTS_ABOVE = 1000
    whole = ask(export_format, parameters=parameters, area_of_interest=area)
    assert not parts_of(whole)
    if parameters.get("package") == "zip":
        one, other = members(job), members(whole)
        name = next(name for name in one if name != "manifest.json")
        assert one[name] == other[name]
    else:
        assert job.result_file_sha256 == whole.result_file_sha256
        assert Path(job.result_file).suffix == Path(whole.result_file).suffix
    assert left_over() == []
    assert _close(_manifest(job), _manifest(whole))
    assert [part["number"] for part in job.result_summary["parts"]] == [1, 2, 3, 4]


def _manifest(job: GisExportJob) -> dict[str, Any]:
    """What the manifest tells of the layer, but for its place."""
    return {name: value for name, value in job.result_summary["layers"][0].items() if name != "file"}


def _close(actual: Any, expected: Any) -> bool:
    """Alike, but for the last digits of sums."""
    if isinstance(expected, dict):
        return actual.keys() == expected.keys() and all(_close(actual[name], expected[name]) for name in expected)
    if isinstance(expected, list):
        return len(actual) == len(expected) and all(map(_close, actual, expected))
    return bool(actual == pytest.approx(expected) if isinstance(expected, float) else actual == expected)


@pytest.mark.parametrize("export_format", ["CSV", "FlatGeobuf", "GeoJSONSeq", "GeoParquet"])
def test_the_whole_can_be_verified(ask: Any, export_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    PropertyOperational.objects.filter(pk=PropertyOperational.objects.earliest("pk").pk).update(geometry=None)
    job = ask(export_format, parameters={"precision": 6, "include_assessment_data": True})
    assert parts_of(job)
    call_command("verify_export", str(job.pk))
    printed = capsys.readouterr().out
    assert "parcels: 24 records of parcels" in printed.replace(f"{job.pk}_", "")
    assert "Nothing differs." in printed


def test_a_dataset_of_geoparquet(ask: Any, tmp_path: Path, settings: Any) -> None:
    import duckdb
    import geopandas

    job = ask("GeoParquet")
    assert job.status == "COMPLETED", job.message
    files = members(job)
    names = [f"parcels/part-{number:04}.parquet" for number in range(1, PARTS + 1)]
    assert list(files) == [*names, "manifest.json"]
    manifest = json.loads(files["manifest.json"])
    assert [file["name"] for file in manifest["files"]] == names
    assert [file["sha256"] for file in manifest["files"]] == [part["sha256"] for part in manifest["parts"]]
    assert "data_as_of" not in manifest
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(files[name])
    rows = duckdb.execute(f"SELECT count(*), count(DISTINCT parcel_number) FROM '{tmp_path}/parcels/*.parquet'")
    assert rows.fetchone() == (24, 24)
    assert sum(len(geopandas.read_parquet(tmp_path / name)) for name in names) == 24
    settings.EXPORT_PARTS_ABOVE = 1000
    whole = ask("GeoParquet")
    assert _close(_manifest(job), _manifest(whole))
    assert left_over() == []


def test_a_dataset_of_flatgeobuf_with_records_that_have_no_geometry(ask: Any, tmp_path: Path) -> None:
    import pyogrio

    PropertyOperational.objects.filter(pk=PropertyOperational.objects.earliest("pk").pk).update(geometry=None)
    job = ask("FlatGeobuf")
    assert job.status == "COMPLETED", job.message
    files = members(job)
    records = 0
    for name, data in files.items():
        if name.endswith(".fgb"):
            (tmp_path / "part.fgb").write_bytes(data)
            records += pyogrio.read_info(tmp_path / "part.fgb", force_feature_count=True)["features"]
    beside = [name for name in files if name.endswith("_without_geometry.csv")]
    assert beside[0].startswith("parcels/part-000")
    moved = [loss["count"] for loss in job.result_summary["layers"][0]["losses"] if loss["kind"] == "moved"]
    assert sum(moved) == 24 - records > 0
    assert {file["name"] for file in job.result_summary["files"]} == set(files) - {"manifest.json"}


def test_several_layers_and_what_is_not_cut(api: APIClient, loaded: County, cut: None) -> None:
    area = {"type": "bbox", "coordinates": [-180, -80, 180, 80]}
    job = run_export(api, loaded, "CSV", ["parcels", "zoning", "trees"], area_of_interest=area)
    assert job.status == "COMPLETED", job.message
    files = members(job)
    assert list(files) == ["parcels.csv", "zoning.csv", "trees.csv", "area_of_interest.geojson", "manifest.json"]
    boundary = json.loads(files["area_of_interest.geojson"])["features"]
    assert [feature["properties"]["spatial_operation"] for feature in boundary] == ["intersects"]
    manifest = json.loads(files["manifest.json"])
    assert manifest["area_of_interest"]["records"] == 1
    assert [layer["file"] for layer in manifest["layers"]] == ["parcels.csv", "zoning.csv", "trees.csv"]
    for file in manifest["files"]:
        assert hashlib.sha256(files[file["name"]]).hexdigest() == file["sha256"]
        assert len(files[file["name"]]) == file["bytes"]
    assert {part.layer for part in parts_of(job)} == {"parcels", "zoning", "trees"}
    for export_format, parameters in (("GeoPackage", {}), ("CSV", {"simplify": {"tolerance": 1, "units": "m"}})):
        other = run_export(api, loaded, export_format, ["parcels"], parameters=parameters)
        assert other.status == "COMPLETED", other.message
        assert not parts_of(other)


def test_a_layer_without_rows_beside_a_large_one(api: APIClient, loaded: County, cut: None) -> None:
    ReferenceFeature.objects.filter(layer__name="trees").delete()
    job = run_export(api, loaded, "CSV", ["trees", "parcels"])
    assert job.status == "COMPLETED", job.message
    assert [layer["records"] for layer in job.result_summary["layers"]] == [0, 24]
    files = members(job)
    assert files["trees.csv"].count(b"\n") == 1
    assert files["parcels.csv"].count(b"\n") > 24


def test_all_parts_see_one_moment(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = coordinate._queue

    def meddle(part: ExportPart) -> None:
        queue(part)
        if part.number == 0:
            PropertyOperational.objects.update(zoning="CHANGED")
            PropertyOperational.objects.filter(parcel_number__endswith="1").delete()

    monkeypatch.setattr(coordinate, "_queue", meddle)
    job = ask()
    assert job.status == "COMPLETED", job.message
    assert PropertyOperational.objects.count() < 24
    assert job.record_count == 24
    assert b"CHANGED" not in content(job)
    assert job.fingerprint == ""  # the data has changed since


def test_all_parts_have_one_day_and_one_set_of_rules(
    ask: Any, settings: Any, loaded: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Midnight, and a change of the county's rules, come when the first part is written."""
    rules = CountySettings.objects.create(
        county=loaded, sales_screening={"outlier_iqr": 0, "flip_days": 0, "flip_rise": 0}
    )
    today, first_day = datetime.datetime.now(datetime.UTC), county_time.today(loaded)
    for parcel in PropertyOperational.objects.all():
        for day, price in ((first_day, 300_000), (first_day + datetime.timedelta(days=1), 400_000)):
            sale = {"sale_id": f"{parcel.parcel_number}-{price}", "sale_date": day, "sale_price": price}
            Sale.objects.create(county=loaded, property=parcel, parcel_number=parcel.parcel_number, **sale)

    def sales(job: GisExportJob) -> set[int | None]:
        prices = {row["last_valid_sale_price"] for row in csv.DictReader(io.StringIO(content(job).decode()))}
        return {int(price) if price else None for price in prices}

    parameters = {"include_assessment_data": True, "fields": ["parcel_number"]}
    with monkeypatch.context() as changed:
        write = client.Writer.run

        def run(*arguments: Any) -> Any:
            result = write(*arguments)
            changed.setattr("django.utils.timezone.now", lambda: today + datetime.timedelta(days=1))
            CountySettings.objects.update(sales_screening={**rules.sales_screening, "min_price": 350_000})
            return result

        changed.setattr(client.Writer, "run", run)
        job = ask(parameters=parameters)
        assert job.status == "COMPLETED", job.message
        assert [part.status for part in parts_of(job)] == ["COMPLETED"] * PARTS
        assert 300_000 in sales(job) <= {300_000, None}  # None of a parcel that was built after
        effective = job.result_summary["request"]["effective_inputs"]["include_assessment_data"]
        assert (effective["as_of"], effective["rules"]["min_price"]) == (first_day.isoformat(), 10_000)
        assert job.fingerprint == ""  # made of what holds no more
        assert 400_000 in sales(ask(parameters=parameters)) <= {400_000, None}
        call_command("verify_export", str(job.pk))  # by the day and the rules that the file was made by


def test_parts_pass_through_storage_that_all_machines_have(ask: Any, settings: Any) -> None:
    """On S3 no part is read from, or left on, the disk of a worker."""
    store = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    host, port = store.get_host_and_port()
    place = {"endpoint_url": f"http://{host}:{port}", "region_name": "us-west-2"}
    keys = {"access_key": "of-the-tests", "secret_key": "secret-of-tests"}
    options = {"bucket_name": _BUCKET, **place, **keys, "file_overwrite": False, "max_memory_size": 1000}
    try:
        bucket = boto3.resource("s3", aws_access_key_id="x", aws_secret_access_key="x", **place).Bucket(_BUCKET)
        bucket.create(CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        expected = ask().result_file_sha256
        settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": _S3, "OPTIONS": options}}
        merged, dataset = ask(), ask("GeoParquet")
        assert merged.result_file_sha256 == expected
        assert len(members(dataset)) == PARTS + 1
        assert len([item for item in bucket.objects.all() if "/parts/" in item.key]) == 2 * PARTS
        assert list(publish.workdir_root().iterdir()) == []
        sweep()
        assert {item.key for item in bucket.objects.all()} == {merged.result_file, dataset.result_file}
    finally:
        store.stop()


def test_few_parts_wait_before_the_jobs_of_others(ask: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.LONG_WORKERS = 1
    queue, waited = coordinate._queue, []

    def watch(part: ExportPart) -> None:
        waited.append(ExportPart.objects.filter(status=Status.PENDING).count())
        queue(part)

    monkeypatch.setattr(coordinate, "_queue", watch)
    job = ask()
    assert job.status == "COMPLETED", job.message
    assert waited == [0] * PARTS
    assert [part.status for part in parts_of(job)] == ["COMPLETED"] * PARTS


# What goes wrong.


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """``fail(error, times)``: the writing of the second part raises that so often; the list counts the tries."""

    def make(error: Exception, times: int) -> list[int]:
        write, tries = client.Writer.run, []

        def run(self: Any, plan: Any, progress: Any) -> Any:
            part = ExportPart.objects.get(pk=plan.stem)
            if part.number == 1:
                tries.append(part.number)
                if len(tries) <= times:
                    raise error
            return write(self, plan, progress)

        monkeypatch.setattr(client.Writer, "run", run)
        return tries

    return make


def test_a_part_that_fails_is_tried_again_alone(ask: Any, fail: Any) -> None:
    tries = fail(WriterCrashed("The program that writes the file ended unexpectedly (signal 11)."), 2)
    job = ask()
    assert job.status == "COMPLETED", job.message
    assert len(tries) == 3
    states = [(part.number, part.status) for part in parts_of(job)]
    assert states == [
        (0, "COMPLETED"),
        (1, "FAILED"),
        (1, "FAILED"),
        (1, "COMPLETED"),
        (2, "COMPLETED"),
        (3, "COMPLETED"),
    ]
    assert left_over() == []


@pytest.mark.parametrize(("error", "tries"), [(WriterCrashed("It crashed."), 3), (ReconciliationFailed("No."), 1)])
def test_a_part_that_fails_for_good_fails_the_export_and_leaves_nothing(
    ask: Any, fail: Any, error: Exception, tries: int
) -> None:
    tried = fail(error, 10)
    job = ask()
    assert (job.status, job.error_code) == ("FAILED", "part_failed")
    assert "Part 2 of 4" in job.message
    assert len(tried) == tries
    assert not ExportPart.objects.filter(status__in=ACTIVE).exists()
    assert left_over() == []
    assert job.result_file == ""


def test_a_storage_that_fails_for_a_moment(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = publish._rename
    failed: list[str] = []

    def away(file: Any) -> None:
        if "/parts/" in file.name and not failed:
            failed.append(file.name)
            with publish.storage_errors():
                raise OSError(5, "Input/output error")
        rename(file)

    monkeypatch.setattr(publish, "_rename", away)
    job = ask()
    assert job.status == "COMPLETED", job.message
    assert [part.error_code for part in parts_of(job) if part.status == "FAILED"] == ["storage_unavailable"]
    assert left_over() == []


def test_parts_that_leave_rows_out_are_detected(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cuts = cut_module.cuts
    monkeypatch.setattr(cut_module, "cuts", lambda *arguments: cuts(*arguments)[1:])
    job = ask()
    assert (job.status, job.error_code) == ("FAILED", "reconciliation_failed")
    assert "of 24 records" in job.message
    assert left_over() == []


@pytest.mark.parametrize(
    ("export_format", "place"), [("CSV", 300), ("CSV", -1), ("FlatGeobuf", 0), ("FlatGeobuf", 300), ("FlatGeobuf", -20)]
)
def test_a_part_that_is_damaged_in_storage_is_detected(
    ask: Any, monkeypatch: pytest.MonkeyPatch, export_format: str, place: int
) -> None:
    PropertyOperational.objects.update(geometry=None)  # so that parts of FlatGeobuf are zips
    whole = assemble.assemble
    left_open: list[str] = []

    def damage(prepared: Any, parts: Any, *rest: Any) -> Any:
        path = Path(django_settings.MEDIA_ROOT) / parts[2].result_file
        content = bytearray(path.read_bytes())
        content[place] ^= 0xFF
        path.write_bytes(content)
        try:
            return whole(prepared, parts, *rest)
        finally:
            left_open.extend(file.path for file in psutil.Process().open_files() if "/parts/" in file.path)

    monkeypatch.setattr(assemble, "assemble", damage)
    job = ask(export_format)
    assert (job.status, job.error_code) == ("FAILED", "reconciliation_failed"), job.message
    assert "Part 3 is not in storage as it was written." in job.message
    assert left_open == []
    assert left_over() == []


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The writing of a part does not end, until the event is set: then it is done."""
    write, go_on = client.Writer.run, threading.Event()

    def run(self: Any, plan: Any, progress: Any) -> Any:
        while not go_on.wait(0.02):
            progress(10**9)  # of its own progress, nearly all
        return write(self, plan, progress)

    monkeypatch.setattr(client.Writer, "run", run)
    return go_on


@pytest.fixture
def begun(api: APIClient, loaded: County, cut: None, endless: threading.Event) -> tuple[GisExportJob, threading.Thread]:
    """A job, and the worker that has it, when its parts are queued and one is being written."""
    body = {"export_format": "CSV", "county_id": loaded.pk, "layers": ["parcels"]}
    job = GisExportJob.objects.get(pk=api.post("/api/v1/gis-export/run", body, format="json").data["job_id"])

    def work() -> None:
        runner.run("gis_export.GisExportJob", str(job.pk))
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    wait_until(lambda: ExportPart.objects.filter(status=Status.RUNNING, progress__gt=0).exists())
    assert ExportPart.objects.count() == PARTS
    return job, worker


def test_cancel_reaches_all_parts(begun: tuple[GisExportJob, threading.Thread]) -> None:
    job, worker = begun
    dispatch.cancel(job)
    worker.join(30)
    assert not worker.is_alive()
    job.refresh_from_db()
    assert job.status == Status.CANCELLED
    assert {part.status for part in parts_of(job)} == {"CANCELLED"}
    assert left_over() == []


def test_cancel_while_the_rows_are_counted(
    api: APIClient, loaded: County, cut: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cut_module, "_keys", lambda _: "SELECT i, pg_sleep(1) FROM generate_series(1, 60) AS i")
    body = {"export_format": "CSV", "county_id": loaded.pk, "layers": ["parcels"]}
    job = GisExportJob.objects.get(pk=api.post("/api/v1/gis-export/run", body, format="json").data["job_id"])
    with in_background(job):
        wait_until(lambda: running("generate_series(1, 60)"))
        dispatch.cancel(job)
        wait_until(lambda: not running("generate_series(1, 60)"), 30)
    job.refresh_from_db()
    assert job.status == Status.CANCELLED
    assert left_over() == []


def test_a_part_whose_worker_is_lost_is_written_by_another(
    begun: tuple[GisExportJob, threading.Thread], endless: threading.Event
) -> None:
    job, worker = begun
    first = parts_of(job)[0]
    assert ExportPart.objects.claim(first.pk, "elsewhere:1")
    endless.set()
    wait_until(lambda: ExportPart.objects.filter(status=Status.COMPLETED).count() == PARTS - 1)
    wait_until(lambda: GisExportJob.objects.get(pk=job.pk).progress > 60)  # it waits, and says how far it is
    ExportPart.objects.filter(pk=first.pk).update(heartbeat_at="2020-01-01T00:00Z")
    assert sweep().retried == 1
    worker.join(30)
    job.refresh_from_db()
    assert job.status == Status.COMPLETED, job.message
    assert (parts_of(job)[0].pk, parts_of(job)[0].attempt) == (first.pk, 2)
    assert len(parts_of(job)) == PARTS
    assert job.record_count == 24


def test_when_the_coordinator_is_lost_the_whole_begins_again(
    begun: tuple[GisExportJob, threading.Thread], endless: threading.Event
) -> None:
    job, worker = begun
    lost = parts_of(job)
    token = ExportPart.objects.claim(lost[0].pk, "elsewhere:1")  # on another machine, which goes on
    for _ in range(50):  # the coordinator is not lost in truth: it may beat in between
        GisExportJob.objects.filter(pk=job.pk).update(heartbeat_at="2020-01-01T00:00Z")
        if (retried := sweep().retried) > 0:
            break
    assert retried == 1
    worker.join(30)  # it finds that the claim is lost
    assert runner.run("gis_export.ExportPart", str(lost[1].pk)) == "not claimed"
    endless.set()
    runner.run("gis_export.GisExportJob", str(job.pk))
    job.refresh_from_db()
    assert (job.status, job.attempt) == (Status.COMPLETED, 2), job.message
    by_attempt = {part.parent_token: [] for part in parts_of(job)}  # type: ignore[var-annotated]
    for part in parts_of(job):
        by_attempt[part.parent_token].append(part.status)
    assert len(by_attempt) == 2
    assert by_attempt[lost[0].parent_token][0] == "CANCELLING"  # until it looks, or its own heartbeat is missed
    assert set(by_attempt[lost[0].parent_token][1:]) == {"CANCELLED"}
    ExportPart.objects.cancelled(lost[0].pk, token)
    assert left_over() == []


def test_a_part_of_an_export_that_ended_is_not_written(begun: tuple[GisExportJob, threading.Thread]) -> None:
    job, worker = begun
    waiting = parts_of(job)[0]
    dispatch.cancel(job)
    worker.join(30)
    late = ExportPart.objects.filter(pk=waiting.pk)
    late.update(status="PENDING", completed_at=None)  # as if it were queued just now
    runner.run("gis_export.ExportPart", str(waiting.pk))
    waiting.refresh_from_db()
    assert (waiting.status, waiting.error_code) == ("FAILED", "claim_lost")


def test_parts_are_not_for_users(api: APIClient, ask: Any, admin_client: Any) -> None:
    job = ask()
    body = {"name": "x", "job_type": "gis_export_part", "request": {}, "cron": "0 5 * * *"}
    response = api.post("/api/v1/schedules", body, format="json")
    assert [error["field"] for error in response.json()["errors"]] == ["job_type"]
    listing = admin_client.get("/admin/gis_export/exportpart/")
    assert str(parts_of(job)[0].pk) in listing.content.decode()
    assert admin_client.get(f"/admin/gis_export/exportpart/{parts_of(job)[0].pk}/change/").status_code == 200
