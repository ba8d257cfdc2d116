"""Fixtures that every package's tests share: counties, people, API clients, and a real cluster.

Only tests that ask for ``cluster`` have their jobs run in the background; in all others jobs go to a queue that nobody
reads, so that a pending job stays pending.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.management.commands import flush
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.models import QuerySet
from django_q.models import OrmQ
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from pytest_django.plugin import blocking_manager_key
from rest_framework.test import APIClient

from terrafusion.jobs import publish
from terrafusion.records.models import County, CountyAccess
from tests import database

# How busy the machine is says nothing of the code.
hypothesis_settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("patient")
# Of a mutant it is enough to know that an example fails: the same examples each time, and none is made smaller.
hypothesis_settings.register_profile("mutants", phases=(Phase.explicit, Phase.generate), derandomize=True)

ROOT = Path(__file__).resolve().parent.parent
Role = CountyAccess.Role
MakeUser = Callable[..., Any]
ClientOf = Callable[[Any], APIClient]
UNREAD = "unread"
"""The queue that nobody reads."""
OF_MODELS = {"django_content_type", "auth_permission"}
"""Tables that Django fills from the models, after migrations."""
LOGINS = "login_attempts"
"""The table of a cache, which is no model's."""


def pytest_sessionstart(session: pytest.Session) -> None:
    """The migrated database is made before any test's time begins to count: a busy machine takes minutes."""
    if not hasattr(session.config, "workerinput") and not session.config.option.collectonly:
        with session.config.stash[blocking_manager_key].unblock():
            database.migrated()


@pytest.fixture(autouse=True, scope="session")
def _own_workdirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Where results are no files of this machine, workdirs lie in the system's folder for temporary files, which the
    processes of a run would share; tests look whether any is left."""
    own = str(tmp_path_factory.mktemp("workdirs"))
    with mock.patch.object(publish, "tempfile", SimpleNamespace(gettempdir=lambda: own)):
        yield


@pytest.fixture(scope="session", autouse=True)
def _run_folder() -> Iterator[None]:
    """Media and metrics of this test run only. The folder itself stays: its path is in the settings."""
    yield
    shutil.rmtree(django_settings.RUN_FOLDER / "media", ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, django_db_blocker: Any) -> None:
    """The test database is a copy of one that is migrated already."""
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = database.migrated()


@pytest.fixture(scope="session", autouse=True)
def _quick_flush() -> Iterator[None]:
    """After each test that commits, the few rows are deleted: TRUNCATE would write a new file for each table and index.

    As a replica would apply them, so that no trigger and no foreign key is asked: some rows the database lets nobody
    delete. What describes the models stays; to make it again takes twenty times as long as all else.
    """

    def sql_flush(self: Any, style: Any, tables: list[str], **_: Any) -> list[str]:
        emptied = [*(table for table in tables if table not in OF_MODELS), LOGINS]
        deletes = [f"DELETE FROM {self.quote_name(table)}" for table in emptied]
        replica = "SET LOCAL session_replication_role = "
        return ["; ".join([f"{replica}replica", *deletes, f"{replica}origin"])]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_, **__: None)
        yield


@pytest.fixture(autouse=True)
def _quiet_queue(request: pytest.FixtureRequest, settings: Any) -> None:
    if "cluster" not in request.fixturenames:
        settings.SHORT_CLUSTER = settings.MEDIUM_CLUSTER = settings.LONG_CLUSTER = UNREAD


def queued() -> QuerySet[Any]:
    """The tasks that wait where nobody reads; a cluster that an earlier test started has canaries in its own queue."""
    tasks: QuerySet[Any] = OrmQ.objects.filter(key=UNREAD)
    return tasks


@pytest.fixture
def county(db: None) -> County:
    return County.objects.create(id="COUNTY01", name="First County", fips="53077", state="WA", state_plane_srid=2285)


@pytest.fixture
def other_county(db: None) -> County:
    return County.objects.create(id="COUNTY02", name="Second County", fips="25017", state="MA", state_plane_srid=2249)


@pytest.fixture
def make_user(db: None) -> MakeUser:
    """``make_user("ann", Role.ANALYST, county)``: a user with that role there; without a county, one without rights."""

    def make(name: str, role: str = Role.VIEWER, *counties: County, **access: Any) -> Any:
        user = get_user_model().objects.create_user(name, password="secret-of-tests")
        for county in counties:
            CountyAccess.objects.create(user=user, county=county, role=role, **access)
        return user

    return make


@pytest.fixture
def viewer(make_user: MakeUser, county: County) -> Any:
    return make_user("viewer", Role.VIEWER, county)


@pytest.fixture
def analyst(make_user: MakeUser, county: County) -> Any:
    return make_user("analyst", Role.ANALYST, county)


@pytest.fixture
def manager(make_user: MakeUser, county: County) -> Any:
    return make_user("manager", Role.MANAGER, county)


@pytest.fixture
def outsider(make_user: MakeUser, other_county: County) -> Any:
    """A manager, but of another county."""
    return make_user("outsider", Role.MANAGER, other_county)


@pytest.fixture
def client_of() -> ClientOf:
    """An API client that is signed in as the user, or as nobody when given None."""

    def make(user: Any) -> APIClient:
        client = APIClient()
        if user is not None:
            client.force_authenticate(user)
        return client

    return make


@pytest.fixture
def api(client_of: ClientOf, analyst: Any) -> APIClient:
    """A client of the analyst of ``county``."""
    return client_of(analyst)


def process_environment(**more: str) -> dict[str, str]:
    """For a process that works on the test run's database, media and metrics."""
    name = connection.settings_dict["NAME"]
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "TEST_DATABASE": name, **more}


def start(*arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    """``manage.py`` with these arguments, in a process group of its own; its log goes to the run folder."""
    django_settings.RUN_FOLDER.mkdir(parents=True, exist_ok=True)
    with (django_settings.RUN_FOLDER / f"{arguments[0]}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            cwd=ROOT,
            env=process_environment(**environment),
            start_new_session=True,
            stdout=log,
            stderr=log,
        )


def stop(process: subprocess.Popen[bytes], grace: float = 20) -> None:
    """SIGTERM, then SIGKILL to the whole group."""
    process.terminate()
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Cluster:
    """The running clusters, and waiting for what they do."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def wait(self, job: Any, *statuses: str, timeout: float = 60) -> Any:
        """The job, as soon as it has one of the statuses (default: has ended); fails when that takes too long."""
        return wait_for_job(job, *statuses, timeout=timeout)


def wait_until(condition: Callable[[], Any], timeout: float = 60) -> Any:
    """What the condition came to as soon as it holds. A busy machine takes its time, so be patient."""
    deadline = time.monotonic() + timeout
    while not (outcome := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return outcome


def wait_for_job(job: Any, *statuses: str, timeout: float = 60) -> Any:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        job.refresh_from_db()
        if (job.status in statuses) if statuses else (job.completed_at is not None):
            return job
        time.sleep(0.05)
    pytest.fail(f"{job} did not become {' or '.join(statuses) or 'finished'} in {timeout} s: {job.message}")


@pytest.fixture(scope="session")
def _clusters(django_db_setup: None, django_db_blocker: Any) -> Iterator[Cluster]:
    """Both clusters under their supervisor, started once, when the first test asks for them."""
    with django_db_blocker.unblock():
        process = start("supervise", SUPERVISOR_STOP_GRACE="5", CANARY_STALE_AFTER="3600")
        try:
            yield Cluster(process)
        finally:
            stop(process)


@pytest.fixture
def cluster(transactional_db: None, _clusters: Cluster) -> Iterator[Cluster]:
    """A real django-q2 cluster on the test database, short and long.

    When the test ends its jobs are cancelled and awaited, before the database is emptied under the workers.
    """
    yield _clusters
    from terrafusion.jobs import dispatch
    from terrafusion.jobs.errors import NotCancellable
    from terrafusion.jobs.registry import all_types
    from terrafusion.jobs.states import ACTIVE

    for job_type in all_types():
        for job in job_type.model.objects.filter(status__in=ACTIVE):
            with suppress(NotCancellable):
                dispatch.cancel(job)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and any(
        job_type.model.objects.filter(status__in=ACTIVE).exists() for job_type in all_types()
    ):
        time.sleep(0.05)
