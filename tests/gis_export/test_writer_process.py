"""The writer is a process of its own: what happens to it, and what it lets happen to the worker."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import F, Func, TextField, Value
from django.db.models.functions import Concat
from psycopg.conninfo import conninfo_to_dict
from rest_framework.test import APIClient

from gis_export import client
from gis_export.errors import CrsUnsuitable, FormatLimitExceeded, ReconciliationFailed, WriterCrashed, WriterFailed
from gis_export.formats import registry
from gis_export.models import GisExportJob
from gis_export.plan import ColumnPlan, ExportPlan, ExportResult, LayerPlan
from terrafusion.jobs import dispatch, runner
from terrafusion.jobs.errors import DatabaseLost, JobError, QueryCancelled, StorageFull, StorageUnavailable
from terrafusion.jobs.publish import workdir_root
from terrafusion.records.layers import FieldType, Layer, LayerField
from terrafusion.records.layers import registry as layer_registry
from terrafusion.records.models import County, PropertyOperational
from tests.conftest import ROOT, process_environment, wait_for_job, wait_until
from tests.gis_export import data
from tests.gis_export.conftest import FORMATS, URL, close_writer, run_export

SQUARES = (
    "SELECT i AS k, ST_Multi(ST_MakeEnvelope(i, 0, i + 1, 1, 4326)) AS g, i::bigint AS c0, 'text ' || i AS c1 "
    "FROM generate_series(1, {}) AS i"
)
COLUMNS = (ColumnPlan("number", "integer", total=True), ColumnPlan("name", "text", width=20))


def conninfo(**changes: str) -> str:
    settings = connection.settings_dict
    known = {
        "dbname": settings["NAME"],
        "user": settings["USER"],
        "host": settings["HOST"] or settings["OPTIONS"].get("host", ""),
    }
    return " ".join(f"{name}='{value}'" for name, value in {**known, **changes}.items() if value)


def plan(folder: Path, export_format: str = "GeoJSON", sql: str = SQUARES.format(20), **more: Any) -> ExportPlan:
    layer = LayerPlan("squares", "Squares", "", sql, "MultiPolygon", 4326, "2024-01-01T00:00:00+00:00", COLUMNS)
    layer = replace(layer, options={option.name: option.default for option in registry.get(export_format).options})
    made = ExportPlan(export_format, (layer,), conninfo(), str(folder), "result", False, {})
    return replace(made, **more)


def run_plan(wanted: ExportPlan) -> ExportResult:
    return client.writer().run(wanted, lambda _: None)


def failure(wanted: ExportPlan) -> JobError:
    with pytest.raises(JobError) as failed:
        run_plan(wanted)
    return failed.value


def is_clean(message: str) -> bool:
    """Nothing that only the log may hold."""
    return not re.search(r"SELECT|/tmp|/work|\.py|libpq|host=|COPY", message)


def running(marker: str) -> list[int]:
    """The test database's backends that are working on SQL with this text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE %s AND pid <> pg_backend_pid() "
            "AND datname = current_database()",
            [f"%{marker}%"],
        )
        return [pid for (pid,) in cursor.fetchall()]


@pytest.fixture
def slow_county(transactional_db: None, county: County, monkeypatch: pytest.MonkeyPatch) -> County:
    """A county with a layer that takes the server a twentieth of a second for each of its rows."""
    data.load(county)
    rows = PropertyOperational.objects.filter(county=county)
    layer = Layer(
        name="slow",
        title="Slow",
        geometry_type="MultiPolygon",
        queryset=rows,
        fields=(
            LayerField("name", FieldType.TEXT, F("parcel_number")),
            LayerField("slow", FieldType.TEXT, Func(template="pg_sleep(0.05)::text", output_field=TextField())),
        ),
    )
    monkeypatch.setattr(layer_registry, "_providers", {**layer_registry._providers, "slow": lambda _: layer})
    wait_until(lambda: not running("pg_sleep"))  # for the writer of an earlier test, which was killed
    return county


@contextmanager
def in_background(job: GisExportJob) -> Iterator[threading.Thread]:
    """Runs the job as a worker would, beside the test."""

    def run() -> None:
        try:
            runner.run("gis_export.GisExportJob", str(job.pk))
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield thread
    finally:
        thread.join(30)
        assert not thread.is_alive()


def submit(api: APIClient, county: County, layer: str = "slow", **more: Any) -> GisExportJob:
    body = {"export_format": "GeoPackage", "county_id": county.pk, "layers": [layer], **more}
    response = api.post(f"{URL}/run", body, format="json")
    assert response.status_code == 202, response.content
    job: GisExportJob = GisExportJob.objects.get(pk=response.data["job_id"])
    return job


needs_mount = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("mount") is None, reason="takes root, to mount a small disk"
)


@pytest.mark.usefixtures("transactional_db")
class TestFailures:
    @pytest.mark.parametrize("export_format", ["CSV", "GeoPackage", "GeoParquet"])
    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT nothing AS k",
            SQUARES.format(100).replace("i::bigint", "(i / (50 - i))::bigint"),  # after some rows
        ],
        ids=["no column", "division"],
    )
    def test_sql_that_fails(self, tmp_path: Path, export_format: str, sql: str) -> None:
        error = failure(plan(tmp_path, export_format, sql))
        assert isinstance(error, WriterFailed)
        assert is_clean(error.message)

    def test_places_that_the_crs_does_not_know(self, tmp_path: Path) -> None:
        sql = "SELECT 1 AS k, ST_Transform(ST_Point(0, -90, 4326), 2285) AS g, 1::bigint AS c0, 'x' AS c1"
        error = failure(plan(tmp_path, "GeoPackage", sql))
        assert isinstance(error, CrsUnsuitable)
        assert is_clean(error.message)

    @pytest.mark.parametrize("changes", [{"host": "/nowhere"}, {"dbname": "no_such"}, {"port": "1"}])
    def test_a_database_that_is_away(self, tmp_path: Path, changes: dict[str, str]) -> None:
        error = failure(plan(tmp_path, database=conninfo(**changes)))
        assert isinstance(error, DatabaseLost)
        assert is_clean(error.message)

    @pytest.mark.parametrize(
        ("end", "kind", "export_format"),
        [
            *(
                ("pg_terminate_backend", DatabaseLost, name)
                for name in ("DXF", "GeoJSON", "GeoPackage", "GeoParquet", "XLSX")
            ),
            *(("pg_cancel_backend", QueryCancelled, name) for name in ("GeoJSON", "GeoPackage")),
        ],
    )
    def test_a_query_that_is_ended(self, tmp_path: Path, end: str, kind: type[JobError], export_format: str) -> None:
        """With its connection, or alone."""
        sql = SQUARES.format(150).replace("'text ' || i", "'text ' || i || pg_sleep(0.02)")
        failures: list[JobError] = []
        thread = threading.Thread(target=lambda: failures.append(failure(plan(tmp_path, export_format, sql))))
        thread.start()
        backends = wait_until(lambda: running("pg_sleep(0.02)"))
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {end}(pid) FROM unnest(%s) AS pid", [backends])
        thread.join(20)
        assert type(failures[0]) is kind
        assert run_plan(plan(tmp_path)).records == 20

    @pytest.mark.parametrize("export_format", ["CSV", "FlatGeobuf", "GeoPackage", "GeoParquet"])
    def test_rows_that_get_lost_do_not_reconcile(self, tmp_path: Path, export_format: str) -> None:
        """Only the query of the totals has the seventh row."""
        sql = SQUARES.format(20) + " WHERE i <> 7 OR current_query() LIKE '%count(*) AS records, count' || '(*)%'"
        error = failure(plan(tmp_path, export_format, sql))
        assert isinstance(error, ReconciliationFailed)
        assert "records written: 19, but the database has 20" in error.message
        assert "total of number" in error.message
        assert is_clean(error.message)

    def test_an_error_does_not_wait_for_the_totals(self, tmp_path: Path) -> None:
        """Their query alone would take a minute."""
        totals = "current_query() LIKE '%count(*) AS records, count' || '(*)%'"
        sleeps = f"CASE WHEN {totals} THEN (pg_sleep(60) IS NULL)::int::bigint END"
        fails = SQUARES.format(1).replace("i::bigint", sleeps).replace("'text ' || i", "'text ' || 1 / (i - i)")
        begun = time.monotonic()
        assert isinstance(failure(plan(tmp_path, "CSV", fails)), WriterFailed)
        assert time.monotonic() - begun < 30
        wait_until(lambda: not running("pg_sleep(60)"), 20)

    def test_more_than_the_format_holds(self, tmp_path: Path) -> None:
        many = tuple(ColumnPlan(f"c{i}", "text") for i in range(300))
        selected = ", ".join(f"'x' AS c{i}" for i in range(300))
        wide = f"SELECT 1 AS k, NULL::geometry AS g, {selected}"
        made = plan(tmp_path, "Shapefile")
        too_wide = replace(made, layers=(replace(made.layers[0], sql=wide, columns=many),))
        error = failure(too_wide)
        assert isinstance(error, FormatLimitExceeded)
        assert "300 fields, and a Shapefile can hold 255" in error.message

    @pytest.mark.parametrize("export_format", ["CSV", "GeoPackage", "PMTiles", "Shapefile"])
    def test_a_storage_that_is_gone(self, tmp_path: Path, export_format: str) -> None:
        error = failure(plan(tmp_path / "gone", export_format))
        assert isinstance(error, StorageUnavailable)
        assert is_clean(error.message)

    @needs_mount
    @pytest.mark.parametrize("export_format", ["CSV", "FileGDB", "FlatGeobuf", "GeoPackage"])
    def test_a_disk_that_has_become_read_only(self, small_disk: Path, export_format: str) -> None:
        subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
        error = failure(plan(small_disk, export_format))
        assert isinstance(error, StorageUnavailable)
        assert is_clean(error.message)

    @needs_mount
    @pytest.mark.parametrize("export_format", FORMATS)
    def test_a_full_disk(self, small_disk: Path, export_format: str) -> None:
        # What does not compress, more than the disk holds.
        noise = "(SELECT string_agg(md5((i * 8 + j)::text), '') FROM generate_series(1, 8) AS j)"
        sql = SQUARES.format(30_000).replace("'text ' || i", noise)
        error = failure(plan(small_disk, export_format, sql))
        assert isinstance(error, StorageFull)
        assert is_clean(error.message)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


class TestCrashes:
    @pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV])
    def test_a_crash_costs_that_job_only(self, slow_county: County, api: APIClient, how: signal.Signals) -> None:
        close_writer()
        before = set(workdir_root().glob("*"))
        job = submit(api, slow_county)
        with in_background(job):
            wait_until(lambda: running("pg_sleep"))
            assert client._warm is not None
            crashed = client._warm.pid
            os.kill(crashed, how)
        wait_for_job(job)
        assert (job.status, job.error_code) == ("FAILED", WriterCrashed.code)
        assert job.message.startswith(
            f"The program that writes the file ended unexpectedly (signal {how.value}). Rerun"
        )
        assert set(workdir_root().glob("*")) == before
        assert run_export(api, slow_county, "GeoPackage", ["parcels"]).status == "COMPLETED"
        assert client._warm.pid != crashed

    def test_a_writer_that_died_while_idle_costs_nothing(self, slow_county: County, api: APIClient) -> None:
        for how in (signal.SIGKILL, signal.SIGTERM):
            dying = client.writer().pid
            os.kill(dying, how)
            os.waitid(os.P_PID, dying, os.WEXITED | os.WNOWAIT)  # all of its threads are gone
            assert run_export(api, slow_county, "CSV", ["sales"]).status == "COMPLETED"

    def test_a_job_right_after_a_failed_one(self, tmp_path: Path, transactional_db: None) -> None:
        for _ in range(3):
            failure(plan(tmp_path, sql="SELECT nothing AS k"))
            assert run_plan(plan(tmp_path)).records == 20

    def test_it_holds_what_it_uses_only(self, tmp_path: Path, transactional_db: None) -> None:
        run_plan(plan(tmp_path, "GeoPackage"))
        loaded = Path(f"/proc/{client.writer().pid}/maps").read_text()
        assert "pyarrow" in loaded
        assert "pandas" not in loaded

    @pytest.mark.parametrize("stuck", [False, True])
    def test_cancel_stops_the_query_on_the_server(self, slow_county: County, api: APIClient, stuck: bool) -> None:
        """Also of a writer that hears nothing any more."""
        job = submit(api, slow_county)
        with in_background(job):
            wait_until(lambda: running("pg_sleep"))
            if stuck:
                assert client._warm is not None
                os.kill(client._warm.pid, signal.SIGSTOP)
            dispatch.cancel(job)
            wait_until(lambda: not running("pg_sleep"), 30)
        wait_for_job(job)
        assert job.status == "CANCELLED"
        assert job.result_file == ""
        assert run_export(api, slow_county, "CSV", ["sales"]).status == "COMPLETED"

    @pytest.mark.parametrize("how", ["cancel", "crash"])
    @pytest.mark.parametrize("export_format", ["DXF", "FileGDB", "PMTiles", "XLSX"])
    def test_nothing_is_left_of_what_was_begun(
        self, slow_county: County, api: APIClient, export_format: str, how: str
    ) -> None:
        """Workbooks, drawings and tiles have further files while they are made; some have names nowhere."""
        before = set(workdir_root().glob("*"))
        job = submit(api, slow_county, export_format=export_format)
        with in_background(job):
            wait_until(lambda: running("pg_sleep") and set(workdir_root().glob("*")) > before)
            assert client._warm is not None
            process = Path(f"/proc/{client._warm.pid}")
            if how == "cancel":
                dispatch.cancel(job)
            else:
                os.kill(client._warm.pid, signal.SIGKILL)
        wait_for_job(job)
        assert job.status == ("CANCELLED" if how == "cancel" else "FAILED")
        assert set(workdir_root().glob("*")) == before
        # With the process go the files that it had open, and their room on the disk.
        wait_until(lambda: not process.exists() or "Z (zombie)" in (process / "status").read_text())

    def test_rows_that_change_meanwhile(self, slow_county: County, api: APIClient) -> None:
        """What is written is what was there when the export began."""
        job = submit(api, slow_county, export_format="CSV")
        with in_background(job):
            wait_until(lambda: running("pg_sleep"))
            rows = PropertyOperational.objects.filter(county=slow_county)
            assert rows.filter(parcel_number__gte="0020").delete()[0] == 4
            rows.update(parcel_number=Concat(Value("changed "), "parcel_number"))
        wait_for_job(job)
        assert (job.status, job.record_count) == ("COMPLETED", 24), job.message
        with default_storage.open(job.result_file) as file:
            content = file.read()
        assert b'"0023"' in content
        assert b"changed" not in content

    def test_progress_is_reported(self, slow_county: County, api: APIClient) -> None:
        job = submit(api, slow_county)
        with in_background(job):
            wait_for_job(job, "RUNNING")
            wait_for_job(job)
        assert job.status == "COMPLETED"
        assert job.progress == 100


WORKER = """
import sys, time
from gis_export.client import writer
writer()._receive()  # that it is ready
print(writer().pid, flush=True)
time.sleep(60)
"""


def test_the_writer_dies_with_its_worker() -> None:
    with subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        writer = psutil.Process(int(worker.stdout.readline()))
        worker.kill()
    writer.wait(30)
    assert not psutil.pid_exists(writer.pid) or writer.status() == psutil.STATUS_ZOMBIE


def test_secrets_stay_out_of_sight(
    tmp_path: Path,
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    close_writer()
    secret = "s3cr3t-of-the-database"
    for name in ("SECRET_KEY", "DATABASE_URL", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, f"postgis://u:{secret}@h/d")
    wanted = plan(tmp_path, database=conninfo(password=secret))
    assert run_plan(wanted).records == 20
    process = psutil.Process(client.writer().pid)
    assert secret not in str(process.cmdline())
    assert secret not in str(process.environ())
    assert secret not in Path(f"/proc/{process.pid}/environ").read_text()
    assert secret not in str(run_plan(wanted).manifest)
    for faulty in (
        plan(tmp_path, database=conninfo(password=secret, host="/nowhere")),
        plan(tmp_path, database=conninfo(password=secret) + " nonsense"),
        plan(tmp_path, database=conninfo(password=secret), sql="SELECT nothing AS k"),
    ):
        assert secret not in failure(faulty).message
    close_writer()
    printed = capfd.readouterr()
    assert secret not in printed.out + printed.err + caplog.text


def test_the_password_reaches_the_writer(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    from gis_export.prepare import database

    monkeypatch.setenv("PGPASSWORD", "from the environment")
    assert "password='from the environment'" in database()
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", "from the settings")
    assert "password='from the settings'" in database()


def test_the_writer_connects_as_django_does(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    """By whatever libpq takes, and nothing that is psycopg's own."""
    from gis_export.prepare import database

    given = {"connect_timeout": 7, "target_session_attrs": "read-write", "keepalives_idle": 30, "sslcrl": "/a b/crl"}
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", {**connection.settings_dict["OPTIONS"], **given})
    assert conninfo_to_dict(database()).items() >= {name: str(value) for name, value in given.items()}.items()
    assert "prepare_threshold" not in database()


def test_environment_of_a_worker_is_enough(tmp_path: Path, transactional_db: None) -> None:
    """A worker started from anywhere finds its writer."""
    code = "from gis_export.client import writer; w = writer(); import time; time.sleep(1.5); print(w.usable)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=process_environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True\n"
