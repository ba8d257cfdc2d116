"""What every job type promises over HTTP. A plugin's tests subclass ``JobContract`` and say what a valid request is.

The job runs in this process where that is enough, and once in a real cluster.
"""

from __future__ import annotations

import hashlib
import io
import json
import uuid
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse
from django.utils.module_loading import import_string
from rest_framework.test import APIClient

from terrafusion.jobs import runner
from terrafusion.jobs.models import AbstractJob, Schedule, WebhookDelivery
from terrafusion.jobs.registry import JobType, type_of
from terrafusion.jobs.states import Status
from terrafusion.jobs.sweep import sweep
from terrafusion.records.models import County, CountySettings, PropertyOperational
from tests.conftest import ClientOf, Cluster, wait_for_job
from tests.misspelled import misspellings, names_the_nearest

PROBLEM = "application/problem+json"


class JobContract:
    """Subclass as ``class TestContract(JobContract)``, in a module of the plugin's tests."""

    model: ClassVar[type[AbstractJob]]

    def valid(self, county: County) -> dict[str, Any]:
        """A small request that completes with a file, given what ``prepare`` has put into the county."""
        raise NotImplementedError

    def another(self, county: County) -> dict[str, Any]:
        """A second valid request, different from the first."""
        raise NotImplementedError

    def invalid(self, county: County) -> list[tuple[dict[str, Any], set[str]]]:
        """Requests and the fields (or their first path component) that must be named as at fault."""
        raise NotImplementedError

    def prepare(self, county: County) -> None:
        """Put the records into the county that the requests are about."""

    # What the tests are made of.

    @pytest.fixture
    def ready(self, county: County) -> County:
        self.prepare(county)
        return county

    @property
    def job_type(self) -> JobType:
        return type_of(self.model)

    def url(self, action: str, *arguments: Any) -> str:
        return reverse(f"{self.job_type.name}:{action}", args=arguments)

    def submit(self, api: APIClient, county: County, **headers: str) -> Any:
        response = api.post(self.url("run"), self.valid(county), format="json", headers=headers)
        assert response.status_code == 202, response.content
        return response

    def job(self, response: Any) -> Any:
        return self.model.objects.get(pk=response.data["job_id"])

    def completed(self, api: APIClient, county: County) -> Any:
        """A completed job. Needs the ``transactional_db`` fixture: the heartbeat has a connection of its own."""
        job = self.job(self.submit(api, county))
        runner.run(self.job_type.label, str(job.pk))
        job = wait_for_job(job)
        assert job.status == Status.COMPLETED, job.message
        return job

    # Submitting.

    def test_run_is_accepted(self, api: APIClient, ready: County, analyst: Any) -> None:
        response = self.submit(api, ready)
        job = self.job(response)
        assert response.headers["Location"].endswith(self.url("status", job.pk))
        assert int(response.headers["Retry-After"]) >= 1
        assert (job.status, job.submitted_by, job.county) == (Status.PENDING, analyst, ready)
        body = response.json()
        expected = {"job_id", "county_id", "status", "message", "parameters", self.job_type.type_field}
        expected |= {"created_at", "updated_at", "started_at", "completed_at"}
        assert expected <= body.keys()
        assert body["started_at"] is None
        assert body["completed_at"] is None
        assert body["created_at"].endswith("Z")
        assert body[self.job_type.type_field] in self.job_type.type_values()

    def test_each_fault_is_named_and_nothing_is_queued(self, api: APIClient, ready: County) -> None:
        for request, fields in self.invalid(ready):
            response = api.post(self.url("run"), request, format="json")
            assert response.status_code == 400, (request, response.content)
            assert response.headers["Content-Type"] == PROBLEM
            problem = response.json()
            named = {(error["field"] or "").split(".")[0] for error in problem["errors"]}
            assert fields <= named, (request, problem)
        assert not self.model.objects.exists()

    def test_a_misspelled_key_is_refused_with_the_nearest_one(self, api: APIClient, ready: County) -> None:
        valid = self.valid(ready)
        viewset: Any = resolve(self.url("run")).func
        known = list(viewset.cls.run_serializer_class().fields)
        assert "county_id" in known
        for key in known:
            wrong = list(misspellings(key, known))
            for name in (wrong[0], wrong[-1]):
                body = {other: value for other, value in valid.items() if other != key} | {name: valid.get(key)}
                problem = self.refused(api, body)
                (fault,) = [fault for fault in problem["errors"] if fault["field"] == name]
                assert names_the_nearest(fault), fault

    def test_a_misspelled_option_is_refused_with_the_nearest_one(self, api: APIClient, ready: County) -> None:
        valid = self.valid(ready)
        for name in ("fres", "expiresin", "webhoook"):
            parameters = {**valid.get("parameters", {}), name: True}
            problem = self.refused(api, {**valid, "parameters": parameters})
            assert [fault["field"] for fault in problem["errors"]] == [f"parameters.{name}"]
            assert "Did you mean" in problem["errors"][0]["detail"], problem

    def refused(self, api: APIClient, body: dict[str, Any]) -> Any:
        """The problem of a request that is not valid, of which no job and no schedule has come."""
        schedule = {"name": "Weekly", "job_type": self.job_type.name, "request": body, "cron": "0 5 * * MON"}
        for address, sent in ((reverse("schedules:schedules"), schedule), (self.url("run"), body)):
            response = api.post(address, sent, format="json")
            assert response.status_code == 400, (sent, response.content)
        assert not self.model.objects.exists()
        assert not Schedule.objects.exists()
        return response.json()

    def test_what_the_addresses_of_a_job_do_not_take(self, api: APIClient, ready: County) -> None:
        job_id = self.submit(api, ready).data["job_id"]
        for action in ("status", "results", "files", "download"):
            response = api.get(f"{self.url(action, job_id)}?county_id={ready.pk}")
            assert response.status_code == 400, action
            assert [fault["code"] for fault in response.json()["errors"]] == ["unknown_parameter"]
        for action in ("cancel", "rerun"):
            assert api.post(f"{self.url(action, job_id)}?now=true").status_code == 400
            response = api.post(self.url(action, job_id), {"parameters": {"fresh": True}}, format="json")
            assert [fault["field"] for fault in response.json()["errors"]] == ["parameters"]
        assert api.post(f"{self.url('run')}?dry_run=true", self.valid(ready), format="json").status_code == 400
        assert self.model.objects.get().status == Status.PENDING

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"null", b"\xff", b'{"county_id": {}}'])
    def test_malformed_bodies(self, api: APIClient, ready: County, body: bytes) -> None:
        response = api.post(self.url("run"), body, content_type="application/json")
        assert response.status_code == 400, response.content
        assert not self.model.objects.exists()

    def test_unknown_county_is_refused_with_those_there_are(self, api: APIClient, ready: County) -> None:
        response = api.post(self.url("run"), {**self.valid(ready), "county_id": "NOWHERE"}, format="json")
        assert response.status_code == 400
        assert ready.pk in response.content.decode()

    # Idempotency.

    def test_retry_with_the_same_key_returns_the_first_job(self, api: APIClient, ready: County) -> None:
        first = self.submit(api, ready, **{"Idempotency-Key": "k1"})
        again = self.submit(api, ready, **{"Idempotency-Key": "k1"})
        other = self.submit(api, ready, **{"Idempotency-Key": "k2"})
        assert again.data["job_id"] == first.data["job_id"] != other.data["job_id"]
        assert self.model.objects.count() == 2

    def test_key_of_another_request_is_a_conflict(self, api: APIClient, ready: County) -> None:
        self.submit(api, ready, **{"Idempotency-Key": "k1"})
        request = self.another(ready)
        response = api.post(self.url("run"), request, format="json", headers={"Idempotency-Key": "k1"})
        assert (response.status_code, response.json()["code"]) == (409, "idempotency_key_reused")
        assert self.model.objects.count() == 1

    def test_key_is_each_users_own(self, api: APIClient, ready: County, manager: Any, client_of: ClientOf) -> None:
        first = self.submit(api, ready, **{"Idempotency-Key": "k1"})
        theirs = self.submit(client_of(manager), ready, **{"Idempotency-Key": "k1"})
        assert theirs.data["job_id"] != first.data["job_id"]

    # Rights and limits.

    def test_rights(
        self, api: APIClient, ready: County, viewer: Any, manager: Any, outsider: Any, client_of: ClientOf
    ) -> None:
        job_id = self.submit(api, ready).data["job_id"]
        look = ["status", "results"]
        act = ["cancel", "rerun"]
        nobody, seeing, foreign = client_of(None), client_of(viewer), client_of(outsider)
        for action in look:
            assert nobody.get(self.url(action, job_id)).status_code == 401
            assert foreign.get(self.url(action, job_id)).status_code == 404  # that it exists is not told
            assert seeing.get(self.url(action, job_id)).status_code == 200
        for action in act:
            assert nobody.post(self.url(action, job_id)).status_code == 401
            assert foreign.post(self.url(action, job_id)).status_code == 404
            assert seeing.post(self.url(action, job_id)).status_code == 403
        assert nobody.get(self.url("jobs")).status_code == 401
        assert foreign.get(self.url("jobs")).json()["results"] == []
        assert len(seeing.get(self.url("jobs")).json()["results"]) == 1
        assert nobody.post(self.url("run"), self.valid(ready), format="json").status_code == 401
        assert foreign.post(self.url("run"), self.valid(ready), format="json").status_code == 400
        assert seeing.post(self.url("run"), self.valid(ready), format="json").status_code == 403
        assert self.model.objects.count() == 1
        assert client_of(manager).post(self.url("cancel", job_id)).status_code == 202

    def test_an_analyst_cancels_own_jobs_only(
        self, ready: County, api: APIClient, manager: Any, client_of: ClientOf
    ) -> None:
        theirs = self.submit(client_of(manager), ready).data["job_id"]
        assert api.post(self.url("cancel", theirs)).status_code == 403
        assert api.post(self.url("rerun", theirs)).status_code == 403

    def test_limit_of_active_jobs(self, api: APIClient, ready: County) -> None:
        CountySettings.objects.update_or_create(county=ready, defaults={"max_active_jobs": 1})
        first = self.submit(api, ready)
        response = api.post(self.url("run"), self.another(ready), format="json")
        assert (response.status_code, response.json()["code"]) == (429, "too_many_active_jobs")
        assert int(response.headers["Retry-After"]) >= 1
        api.post(self.url("cancel", first.data["job_id"]))
        assert api.post(self.url("run"), self.another(ready), format="json").status_code == 202

    # Status, results and lists.

    @pytest.mark.parametrize("action", ["status", "results", "download", "cancel", "rerun"])
    def test_ids_that_name_no_job(self, api: APIClient, ready: County, action: str) -> None:
        call = api.post if action in ("cancel", "rerun") else api.get
        for malformed in ("not-a-uuid", "123", "%00", "🙂"):
            response = call(f"{self.url(action, uuid.UUID(int=0))}".replace(str(uuid.UUID(int=0)), malformed))
            assert response.status_code == 400, malformed
            assert response.headers["Content-Type"] == PROBLEM
            assert response.json()["errors"][0]["field"] == "job_id"
        response = call(self.url(action, uuid.uuid4()))
        assert (response.status_code, response.headers["Content-Type"]) == (404, PROBLEM)

    def test_result_is_null_until_completed(self, api: APIClient, ready: County) -> None:
        job_id = self.submit(api, ready).data["job_id"]
        assert api.get(self.url("results", job_id)).json()["result"] is None
        response = api.get(self.url("download", job_id))
        assert (response.status_code, response.json()["code"]) == (409, "job_not_completed")

    def test_list_filters_and_pages(self, api: APIClient, ready: County) -> None:
        ids = [self.submit(api, ready).data["job_id"] for _ in range(5)]
        api.post(self.url("cancel", ids[0]))

        def listed(**query: Any) -> list[str]:
            response = api.get(self.url("jobs"), query)
            assert response.status_code == 200, response.content
            return [job["job_id"] for job in response.json()["results"]]

        assert listed() == ids[::-1]  # newest first
        assert listed(status="CANCELLED") == ids[:1]
        assert listed(status=["PENDING", "CANCELLED"]) == ids[::-1]
        assert listed(county_id=ready.pk) == ids[::-1]
        assert listed(county_id="NOWHERE") == []
        field = self.job_type.type_field
        kind = getattr(self.model.objects.first(), field)
        assert listed(**{field: kind}) == ids[::-1]
        created = self.model.objects.get(pk=ids[2]).created_at.isoformat()
        assert listed(created_after=created) == ids[:1:-1]
        assert listed(created_before=created) == ids[1::-1]
        assert listed(created_after="1970-01-01T00:00:00-23:59") == ids[::-1]  # PostgreSQL itself takes 15:59
        for faulty in (
            {"status": "LOST"},
            {field: "no such"},
            {"created_after": "yesterday"},
            {"created_after": "0001-01-01T00:00:00+10:00"},
            {"sttus": "PENDING"},
        ):
            assert api.get(self.url("jobs"), faulty).status_code == 400, faulty

        seen: list[str] = []
        address = self.url("jobs") + "?page_size=2"
        while address:
            page = api.get(address).json()
            assert len(page["results"]) <= 2
            seen += [job["job_id"] for job in page["results"]]
            address = page["next"]
        assert seen == ids[::-1]

    def test_query_counts_do_not_grow(self, api: APIClient, ready: County) -> None:
        def queries(number: int) -> int:
            for _ in range(number):
                self.submit(api, ready)
            with CaptureQueriesContext(connection) as captured:
                assert api.get(self.url("jobs")).status_code == 200
            return len(captured)

        assert queries(1) == queries(4)

    # Cancel and rerun.

    def test_cancel_pending(self, api: APIClient, ready: County) -> None:
        job_id = self.submit(api, ready).data["job_id"]
        assert api.get(self.url("cancel", job_id)).status_code == 405
        response = api.post(self.url("cancel", job_id))
        assert (response.status_code, response.json()["status"]) == (202, Status.CANCELLED)
        assert api.post(self.url("cancel", job_id)).status_code == 202  # asking twice is no error
        assert runner.run(self.job_type.label, job_id) == "not claimed"

    def test_rerun_is_a_new_linked_job(self, api: APIClient, ready: County) -> None:
        first = self.submit(api, ready)
        response = api.post(self.url("rerun", first.data["job_id"]), headers={"Idempotency-Key": "r"})
        assert response.status_code == 202
        assert response.headers["Location"].endswith(self.url("status", response.data["job_id"]))
        assert response.data["job_id"] != first.data["job_id"] == str(response.data["rerun_of"])
        assert response.data["parameters"] == first.data["parameters"]
        again = api.post(self.url("rerun", first.data["job_id"]), headers={"Idempotency-Key": "r"})
        assert again.data["job_id"] == response.data["job_id"]

    # Results.

    def test_completed_job_and_its_file(self, transactional_db: None, api: APIClient, ready: County) -> None:
        job = self.completed(api, ready)
        body = api.get(self.url("results", job.pk)).json()
        result = body["result"]
        assert body["progress"] == 100
        assert body["started_at"] <= body["completed_at"] < body["expires_at"]
        assert result["result_file_location"] == job.result_file
        assert ready.pk in job.result_file
        assert str(job.pk) in job.result_file

        response = api.get(body["links"]["download"])
        content = response.getvalue()
        assert response.status_code == 200
        assert len(content) == int(response.headers["Content-Length"]) == job.result_file_bytes
        assert hashlib.sha256(content).hexdigest() == job.result_file_sha256
        assert result["result_file_size_kb"] == pytest.approx(len(content) / 1024, abs=0.001)
        assert response.headers["Content-Disposition"].startswith("attachment; filename=")
        late = api.post(self.url("cancel", job.pk))
        assert (late.status_code, late.json()["code"]) == (409, "not_cancellable")

    def test_download_of_ranges(self, transactional_db: None, api: APIClient, ready: County) -> None:
        job = self.completed(api, ready)
        address = self.url("download", job.pk)
        with default_storage.open(job.result_file) as file:
            whole = file.read()
        size, etag = len(whole), f'"{job.result_file_sha256}"'

        def get(**headers: str) -> tuple[int, bytes, Any]:
            response = api.get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})
            content = response.getvalue() if response.streaming else response.content
            return response.status_code, content, response.headers

        status, content, headers = get(Range="bytes=1-3")
        assert (status, content) == (206, whole[1:4])
        assert headers["Content-Range"] == f"bytes 1-3/{size}"
        assert headers["Content-Length"] == "3"
        assert headers["ETag"] == etag
        for wanted, expected in {
            "bytes=0-": whole,
            "bytes=5-": whole[5:],
            "bytes=-4": whole[-4:],
            f"bytes=-{size * 2}": whole,
            f"bytes=2-{size * 2}": whole[2:],
            f"bytes={size - 1}-": whole[-1:],
        }.items():
            assert get(Range=wanted)[:2] == (206, expected), wanted
        for ignored in ("bytes=0-1,3-4", "lines=0-1", "bytes=3-1", "bytes=-", "bytes=a-b", "nonsense"):
            assert get(Range=ignored)[:2] == (200, whole), ignored
        for outside in (f"bytes={size}-", "bytes=-0"):
            status, _, headers = get(Range=outside)
            assert (status, headers["Content-Range"]) == (416, f"bytes */{size}"), outside
            assert headers["Content-Type"] == PROBLEM
        assert get(Range="bytes=0-1", If_Range=etag)[:2] == (206, whole[:2])
        assert get(Range="bytes=0-1", If_Range='"other"')[:2] == (200, whole)
        assert get(If_None_Match=etag)[:2] == (304, b"")
        assert get(If_None_Match=f'"x", W/{etag}')[0] == 304
        assert get(If_None_Match='"x"')[:2] == (200, whole)
        assert get(Accept="application/x-something")[:2] == (200, whole)
        head = api.head(address)
        head.close()
        assert (head.status_code, head.headers["Content-Length"], head.headers["ETag"]) == (200, str(size), etag)

    def test_files_of_a_result(self, transactional_db: None, api: APIClient, ready: County) -> None:
        job = self.completed(api, ready)
        address = api.get(self.url("status", job.pk)).json()["links"]["files"]
        listed = api.get(address).json()
        assert listed
        whole = api.get(self.url("download", job.pk)).getvalue()
        if not job.result_members:
            assert [(file["sha256"], file["bytes"]) for file in listed] == [(job.result_file_sha256, len(whole))]
        else:
            with zipfile.ZipFile(io.BytesIO(whole)) as package:
                assert package.testzip() is None
                held = {info.filename: package.read(info) for info in package.infolist()}
            assert list(held) == [file["name"] for file in listed]
        for file in listed:
            response = api.get(file["url"])
            content = response.getvalue()
            assert (response.status_code, len(content)) == (200, file["bytes"])
            assert hashlib.sha256(content).hexdigest() == file["sha256"]
            assert not job.result_members or content == held[file["name"]]
            assert response.headers["Content-Type"] == file["media_type"]
            assert response.headers["Content-Length"] == str(file["bytes"])
            assert file["name"] in response.headers["Content-Disposition"]
            part = api.get(file["url"], headers={"Range": "bytes=1-2"})
            assert (part.status_code, part.getvalue()) == (206, content[1:3])
            etag = response.headers["ETag"]
            assert api.get(file["url"], headers={"If-None-Match": etag}).status_code == 304
            shown = api.get(file["url"], {"inline": "true"})
            if shown.headers["Content-Disposition"].startswith("inline") and b"<" in content[:1]:
                assert shown.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
            shown.close()
        unknown = api.get(self.url("file", job.pk, "other.txt"))
        assert (unknown.status_code, unknown.json()["code"]) == (404, "no_such_file")

    def test_rights_to_files(
        self, transactional_db: None, api: APIClient, ready: County, client_of: ClientOf, outsider: Any
    ) -> None:
        job = self.completed(api, ready)
        addresses = [self.url("files", job.pk), api.get(self.url("files", job.pk)).json()[0]["url"]]
        for address in addresses:
            assert client_of(None).get(address).status_code == 401
            assert client_of(outsider).get(address).status_code == 404
        pending = self.submit(api, ready, **{"Idempotency-Key": "pending"}).data["job_id"]
        if self.job(api.get(self.url("status", pending))).status == Status.PENDING:
            assert api.get(self.url("files", pending)).status_code == 409
        self.model.objects.filter(pk=job.pk).update(expires_at=Now() - timedelta(seconds=1))
        sweep()
        for address in addresses:
            assert api.get(address).status_code == 410

    def test_expired_result(self, transactional_db: None, api: APIClient, ready: County) -> None:
        job = self.completed(api, ready)
        name = job.result_file
        self.model.objects.filter(pk=job.pk).update(expires_at=Now() - timedelta(seconds=1))
        assert sweep().expired == 1
        job.refresh_from_db()
        assert (job.status, job.result_file) == (Status.EXPIRED, "")
        assert not default_storage.exists(name)
        response = api.get(self.url("download", job.pk))
        assert (response.status_code, response.json()["code"]) == (410, "result_expired")
        assert api.get(self.url("status", job.pk)).json()["links"]["download"] is None

    # The same again.

    def change(self, county: County) -> None:
        """Change the data that ``valid`` asks for, behind the platform's back."""
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE records_propertyoperational SET use_code = use_code WHERE county_id = %s", [county.pk]
            )

    def test_an_identical_request_gets_the_result_that_there_is(
        self,
        transactional_db: None,
        api: APIClient,
        ready: County,
        manager: Any,
        client_of: ClientOf,
    ) -> None:
        if self.job_type.fingerprint is None:
            pytest.skip("Results of this type are never used again.")
        PropertyOperational.objects.get_or_create(county=ready, parcel_number="to be changed")
        CountySettings.objects.update_or_create(county=ready, defaults={"max_active_jobs": 1})
        first = self.completed(api, ready)
        other = client_of(manager)
        response = self.submit(other, ready, **{"Idempotency-Key": "again"})
        again = self.job(response)
        assert (response.json()["status"], response.json()["reused_from"]) == (Status.COMPLETED, str(first.pk))
        assert (again.submitted_by, again.attempt, again.progress) == (manager, 0, 100)
        assert again.pk != first.pk
        assert again.result_summary == first.result_summary
        assert again.expires_at > first.expires_at
        assert [getattr(again, name) for name in self.model.result_columns] == [
            getattr(first, name) for name in self.model.result_columns
        ]
        whole = other.get(response.json()["links"]["download"]).getvalue()
        assert hashlib.sha256(whole).hexdigest() == first.result_file_sha256
        assert self.submit(other, ready, **{"Idempotency-Key": "again"}).data["job_id"] == str(again.pk)
        third = self.job(self.submit(other, ready))  # shares with the maker, not in a chain
        assert third.reused_from == first

        def pending(client: APIClient, request: dict[str, Any]) -> Any:
            response = client.post(self.url("run"), request, format="json")
            assert (response.status_code, response.json()["status"]) == (202, Status.PENDING), response.content
            client.post(self.url("cancel", response.data["job_id"]))
            return response.json()

        # What is asked anew, otherwise, with other rights, or of other data, is made anew.
        valid = self.valid(ready)
        fresh = {**valid, "parameters": {**valid.get("parameters", {}), "fresh": True}}
        assert pending(api, fresh)["parameters"]["fresh"] is True
        assert "fresh" not in self.model.objects.latest("created_at").parameters
        pending(api, self.another(ready))
        response = api.post(self.url("rerun", first.pk))
        assert response.data["status"] == Status.PENDING
        api.post(self.url("cancel", response.data["job_id"]))

        # The file goes with the last job that has it.
        for job, is_there in ((first, True), (third, True), (again, False)):
            self.model.objects.filter(pk=job.pk).update(expires_at=Now() - timedelta(seconds=1))
            assert sweep().expired == 1
            assert default_storage.exists(first.result_file) is is_there
        pending(api, valid)  # none is left

        newest = self.completed(api, ready)
        assert self.submit(other, ready).data["reused_from"] == str(newest.pk)
        self.change(ready)
        pending(other, valid)
        default_storage.delete(self.completed(api, ready).result_file)
        pending(other, valid)
        path = Path(default_storage.path(self.completed(api, ready).result_file))
        path.write_bytes(path.read_bytes()[:-1] + b"?")  # as long as before
        pending(other, valid)

    def test_a_result_of_data_that_changed_meanwhile_is_not_used_again(
        self, transactional_db: None, api: APIClient, ready: County, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if self.job_type.fingerprint is None:
            pytest.skip("Results of this type are never used again.")
        PropertyOperational.objects.get_or_create(county=ready, parcel_number="to be changed")
        execute = import_string(self.job_type.execute)

        def slow(job: Any, context: Any) -> Any:
            outcome = execute(job, context)
            self.change(ready)
            return outcome

        monkeypatch.setattr(self.job_type.execute, slow)
        assert self.completed(api, ready).fingerprint == ""
        assert self.submit(api, ready).data["status"] == Status.PENDING

    @pytest.mark.parametrize(
        ("given", "length"),
        [
            (3600, timedelta(hours=1)),
            ("90m", timedelta(minutes=90)),
            ("P2DT3H", timedelta(days=2, hours=3)),
            ("400d", timedelta(days=400)),
        ],
    )
    def test_a_result_is_kept_as_long_as_was_asked(
        self, transactional_db: None, api: APIClient, ready: County, given: Any, length: timedelta
    ) -> None:
        CountySettings.objects.update_or_create(county=ready, defaults={"max_result_days": 400})
        valid = self.valid(ready)
        body = {**valid, "parameters": {**valid.get("parameters", {}), "expires_in": given}}
        job = self.job(api.post(self.url("run"), body, format="json"))
        runner.run(self.job_type.label, str(job.pk))
        finished = [wait_for_job(job)]
        if self.job_type.fingerprint is not None:  # one that uses the result again counts from now
            finished.append(self.job(api.post(self.url("run"), body, format="json")))
        for job in finished:
            assert abs(job.expires_at - job.completed_at - length) < timedelta(seconds=5)
            assert api.get(self.url("status", job.pk)).json()["parameters"]["expires_in"] == given
            assert "expires_in" not in job.parameters
        CountySettings.objects.update(max_result_days=1)
        again = api.post(self.url("rerun", job.pk))  # of what the county no longer allows
        runner.run(self.job_type.label, again.data["job_id"])
        job = wait_for_job(self.job(again))
        assert abs(job.expires_at - job.completed_at - min(length, timedelta(days=1))) < timedelta(seconds=5)

    def test_lifetimes_that_are_wrong(self, api: APIClient, ready: County) -> None:
        valid = self.valid(ready)
        for given in (
            0,
            59,
            -1,
            True,
            1.5,
            None,
            "",
            "P",
            "PT",
            "soon",
            "1y",
            "P1Y",
            "-P1D",
            "99999999999d",
            366 * 86_400,
        ):
            body = {**valid, "parameters": {**valid.get("parameters", {}), "expires_in": given}}
            response = api.post(self.url("run"), body, format="json")
            assert response.status_code == 400, given
            assert [error["field"] for error in response.json()["errors"]] == ["parameters.expires_in"], given
        assert not self.model.objects.exists()

    def test_a_lifetime_beyond_the_countys_is_reported_with_the_other_faults(
        self, api: APIClient, ready: County
    ) -> None:
        for request, fields in self.invalid(ready):
            given = request.get("parameters", {})
            if "county_id" in fields or not isinstance(given, dict):
                continue
            body = {**request, "parameters": {**given, "expires_in": "366d"}}
            named = [error["field"] for error in api.post(self.url("run"), body, format="json").json()["errors"]]
            assert "parameters.expires_in" in named, request
            assert fields <= {name.split(".")[0] for name in named if name != "parameters.expires_in"}, request

    def test_options_that_are_wrong(self, api: APIClient, ready: County) -> None:
        body = {**self.valid(ready), "county_id": "NOWHERE", "parameters": {"fresh": "perhaps"}}
        response = api.post(self.url("run"), body, format="json")
        assert response.status_code == 400
        assert {"county_id", "parameters.fresh"} <= {error["field"] for error in response.json()["errors"]}
        assert not self.model.objects.exists()

    # Schedules.

    def test_a_schedule_and_the_address_of_its_newest_result(
        self, transactional_db: None, api: APIClient, ready: County
    ) -> None:
        body = {"name": "Weekly", "job_type": self.job_type.name, "request": self.valid(ready), "cron": "0 5 * * MON"}
        response = api.post(reverse("schedules:schedules"), body, format="json")
        assert response.status_code == 201, response.content
        links = response.json()["links"]
        Schedule.objects.update(next_run_at=Now())
        assert sweep().scheduled == 1
        job = self.model.objects.get()
        runner.run(self.job_type.label, str(job.pk))
        assert wait_for_job(job).status == Status.COMPLETED, job.message
        latest = api.get(links["latest"]).json()
        assert latest == api.get(self.url("results", job.pk)).json()
        assert latest["schedule_id"] == response.json()["schedule_id"]
        whole = api.get(links["download"]).getvalue()
        assert hashlib.sha256(whole).hexdigest() == job.result_file_sha256
        assert [each["job_id"] for each in api.get(links["jobs"]).json()["results"]] == [str(job.pk)]

    def test_a_schedule_of_a_request_that_is_wrong(self, api: APIClient, ready: County) -> None:
        for request, fields in self.invalid(ready):
            body = {"name": "Weekly", "job_type": self.job_type.name, "request": request, "cron": "0 5 * * MON"}
            response = api.post(reverse("schedules:schedules"), body, format="json")
            assert response.status_code == 400, (request, response.content)
            named = {error["field"].removeprefix("request.").split(".")[0] for error in response.json()["errors"]}
            assert fields <= named, (request, response.json())
        assert not Schedule.objects.exists()

    # Webhooks.

    def test_a_webhook_is_sent_at_the_end(self, transactional_db: None, api: APIClient, ready: County) -> None:
        valid = self.valid(ready)
        hook = "https://example.gov/hooks?key=abc"
        body = {**valid, "parameters": {**valid.get("parameters", {}), "webhook": hook}}
        refused = api.post(self.url("run"), body, format="json")
        assert [error["field"] for error in refused.json()["errors"]] == ["parameters.webhook"]
        assert api.post(reverse("webhooks:secret")).status_code == 201
        job = self.job(api.post(self.url("run"), body, format="json"))
        assert not WebhookDelivery.objects.exists()
        runner.run(self.job_type.label, str(job.pk))
        assert wait_for_job(job).status == Status.COMPLETED, job.message
        delivery = WebhookDelivery.objects.get()
        assert (delivery.job_id, delivery.job_type, delivery.url) == (job.pk, self.job_type.name, hook)
        assert json.loads(delivery.payload)["data"]["results"] == self.url("results", job.pk)
        assert api.get(self.url("status", job.pk)).json()["parameters"]["webhook"] == hook

    # The pages for people.

    def test_browsable_pages(self, api: APIClient, ready: County) -> None:
        job_id = self.submit(api, ready).data["job_id"]
        form = api.get(self.url("run"), headers={"Accept": "text/html"})
        assert form.status_code == 200
        assert self.job_type.type_field in form.content.decode()
        page = api.get(self.url("status", job_id), headers={"Accept": "text/html"}).content.decode()
        assert self.url("results", job_id) in page
        assert api.get(self.url("jobs"), headers={"Accept": "text/html"}).status_code == 200

    def test_admin(
        self, transactional_db: None, api: APIClient, ready: County, admin_client: Any, admin_user: Any
    ) -> None:
        job = self.completed(api, ready)
        meta = self.model._meta
        base = f"admin:{meta.app_label}_{meta.model_name}"
        listing = admin_client.get(reverse(f"{base}_changelist"))
        assert self.url("download", job.pk) in listing.content.decode()
        assert admin_client.get(reverse(f"{base}_change", args=[job.pk])).status_code == 200
        assert admin_client.get(reverse(f"{base}_add")).status_code == 403
        assert admin_client.get(reverse(f"{base}_delete", args=[job.pk])).status_code == 403
        selected = {"action": "rerun_jobs", "_selected_action": [str(job.pk)]}
        assert admin_client.post(reverse(f"{base}_changelist"), selected).status_code == 302
        again = self.model.objects.get(rerun_of=job)
        assert (again.submitted_by, again.status) == (admin_user, Status.PENDING)
        selected = {"action": "cancel_jobs", "_selected_action": [str(again.pk)]}
        admin_client.post(reverse(f"{base}_changelist"), selected)
        again.refresh_from_db()
        assert again.status == Status.CANCELLED

    def test_admin_query_count_does_not_grow(self, api: APIClient, ready: County, admin_client: Any) -> None:
        meta = self.model._meta
        address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")

        def queries(number: int) -> int:
            for _ in range(number):
                self.submit(api, ready)
            with CaptureQueriesContext(connection) as captured:
                assert admin_client.get(address).status_code == 200
            return len(captured)

        queries(1)  # content types are cached by the first
        assert queries(1) == queries(4)

    # The real thing.

    def test_end_to_end(self, cluster: Cluster, api: APIClient, ready: County) -> None:
        job = cluster.wait(self.job(self.submit(api, ready)))
        assert job.status == Status.COMPLETED, job.message
        assert job.attempt == 1
        response = api.get(self.url("download", job.pk))
        assert hashlib.sha256(response.getvalue()).hexdigest() == job.result_file_sha256
