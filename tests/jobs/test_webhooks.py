"""Messages of jobs that end: put into the outbox with the end itself, sent, tried again, given up; and over REST."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient
from standardwebhooks.webhooks import Webhook

from terrafusion.jobs import dispatch, runner
from terrafusion.jobs.models import DeliveryStatus, WebhookDelivery, WebhookSecret
from terrafusion.jobs.sweep import sweep
from terrafusion.jobs.webhooks import outbox, secrets, signature
from terrafusion.jobs.webhooks.sender import send_due
from terrafusion.records.models import County, CountyAccess
from tests import conftest
from tests.conftest import ClientOf, MakeUser
from tests.dummy_plugin.models import DummyJob
from tests.jobs.conftest import claim
from tests.jobs.receiver import Server, answer

SECRET = "/api/v1/webhooks/secret"
DELIVERIES = "/api/v1/webhooks/deliveries"
Ask = Callable[..., DummyJob]


@pytest.fixture
def receiver(settings: Any) -> Iterator[Server]:
    server = Server()
    settings.WEBHOOK_INTERNAL_HOSTS = [f"127.0.0.1:{server.port}"]
    yield server
    server.stop()


@pytest.fixture
def secret(api: APIClient) -> str:
    text: str = api.post(SECRET).json()["secret"]
    return text


@pytest.fixture
def ask(receiver: Server, secret: str, county: County, analyst: Any) -> Ask:
    """``ask(lines=3)``: a pending job whose end the receiver is told of."""

    def make(*, path: str = "/in?key=1", **parameters: Any) -> DummyJob:
        job = DummyJob(county=county, flavour="plain", parameters=parameters, resolved=parameters, submitted_by=analyst)
        job.options = {"webhook": f"http://127.0.0.1:{receiver.port}{path}"}
        return dispatch.submit(job)[0]

    return make


def due_now() -> None:
    WebhookDelivery.objects.update(next_attempt_at=Now())


# The outbox.


def test_each_way_to_end_is_sent_once(ask: Ask, transactional_db: None, receiver: Server, secret: str) -> None:
    done, bad, cancelled, waiting = ask(), ask(**{"raise": "burnt"}), ask(), ask()
    for job in (done, bad):
        runner.run("dummy.DummyJob", str(job.pk))
    token = claim(cancelled)
    dispatch.cancel(cancelled)
    assert not WebhookDelivery.objects.filter(job_id=cancelled.pk).exists()  # it still runs
    DummyJob.objects.cancelled(cancelled.pk, token)
    dispatch.cancel(waiting)
    again = ask()  # the same request, on the same data: its result is there
    assert again.reused_from == done
    DummyJob.objects.finish(done.pk, done.claim_token)  # too late: nothing moves
    assert WebhookDelivery.objects.count() == 5
    send_due()
    sent = {}
    for path, headers, body in receiver.received:
        assert path == "/in?key=1"
        message = Webhook(secret).verify(body.decode(), headers)
        sent[message["data"]["job_id"]] = (message["type"], message["data"]["error_code"])
    assert sent == {
        str(done.pk): ("job.completed", ""),
        str(bad.pk): ("job.failed", "dummy_burnt"),
        str(cancelled.pk): ("job.cancelled", ""),
        str(waiting.pk): ("job.cancelled", ""),
        str(again.pk): ("job.completed", ""),
    }
    assert set(WebhookDelivery.objects.values_list("status", flat=True)) == {DeliveryStatus.DELIVERED}


def test_no_message_of_what_was_rolled_back(ask: Ask) -> None:
    job = ask()
    token = claim(job)
    try:
        with transaction.atomic():
            DummyJob.objects.finish(job.pk, token)
            assert WebhookDelivery.objects.count() == 1
            raise RuntimeError
    except RuntimeError:
        pass
    assert not WebhookDelivery.objects.exists()
    job.refresh_from_db()
    assert job.status == "RUNNING"


def test_lost_workers_are_sent_too(ask: Ask, settings: Any) -> None:
    settings.JOB_MAX_ATTEMPTS = 1
    job = ask()
    claim(job)
    DummyJob.objects.update(heartbeat_at="2020-01-01T00:00Z")
    sweep()
    assert json.loads(WebhookDelivery.objects.get().payload)["data"]["error_code"] == "worker_lost"


def test_tries_grow_apart_and_end(ask: Ask, receiver: Server) -> None:
    receiver.respond = answer(500)
    dispatch.cancel(ask())
    gaps = []
    for attempt in range(1, outbox.MAX_ATTEMPTS + 1):
        send_due()
        delivery = WebhookDelivery.objects.get()
        assert (delivery.attempts, delivery.response_status, delivery.error_code) == (attempt, 500, "status")
        assert delivery.last_attempt_at is not None
        gaps.append((delivery.next_attempt_at - delivery.last_attempt_at).total_seconds())
        due_now()
    assert delivery.status == DeliveryStatus.GIVEN_UP
    assert delivery.ended_at is not None
    send_due()
    assert len(receiver.received) == outbox.MAX_ATTEMPTS
    assert 8 <= gaps[0] <= 13
    assert 40 <= gaps[1] <= 61
    assert 6 * 3600 * 0.8 <= gaps[-2] <= 6 * 3600 * 1.2 + 1
    assert 30 * 3600 < sum(gaps[:-1]) < 72 * 3600
    ids = {headers["webhook-id"] for _, headers, _ in receiver.received}
    assert ids == {f"msg_{delivery.pk.hex}"}


@pytest.mark.parametrize("way", ["gone", "secret", "user", "allowed"])
def test_what_is_hopeless_is_given_up_at_once(
    ask: Ask, receiver: Server, settings: Any, analyst: Any, api: APIClient, way: str
) -> None:
    dispatch.cancel(ask())
    match way:
        case "gone":
            receiver.respond = answer(410)
        case "secret":
            assert api.delete(SECRET).status_code == 204
        case "user":
            analyst.is_active = False
            analyst.save()
        case "allowed":
            settings.WEBHOOK_INTERNAL_HOSTS = []
    send_due()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.GIVEN_UP, 1)
    assert len(receiver.received) == (way == "gone")
    expected = {"gone": "status", "allowed": "address_refused"}.get(way, "no_secret")
    assert delivery.error_code == expected


def test_a_sender_that_dies_leaves_the_message_to_be_sent_again(ask: Ask, receiver: Server) -> None:
    dispatch.cancel(ask())
    lost = outbox.claim()
    assert lost is not None
    assert outbox.claim() is None  # the lease
    due_now()
    send_due()
    assert len(receiver.received) == 1
    outbox.note(lost, outbox.Answer(error="timed_out"))  # it comes back, and its word counts no more
    assert WebhookDelivery.objects.get().status == DeliveryStatus.DELIVERED


def test_a_slow_host_holds_up_its_own_messages_only(ask: Ask, receiver: Server) -> None:
    for _ in range(2):
        dispatch.cancel(ask())
    first = outbox.claim()
    assert first is not None
    assert outbox.claim([first.host]) is None
    assert outbox.claim(["elsewhere.example.gov"]) is not None


def test_old_messages_are_forgotten(ask: Ask) -> None:
    dispatch.cancel(ask())
    send_due()
    sweep()
    assert WebhookDelivery.objects.count() == 1
    WebhookDelivery.objects.update(ended_at=Now() - timedelta(days=31))
    sweep()
    assert not WebhookDelivery.objects.exists()


def test_the_sweeps_process_sends(transactional_db: None, ask: Ask, receiver: Server, secret: str) -> None:
    process = conftest.start(
        "sweep", "--forever", "--interval", "1", WEBHOOK_INTERNAL_HOSTS=f"127.0.0.1:{receiver.port}"
    )
    try:
        dispatch.cancel(ask())
        conftest.wait_until(WebhookDelivery.objects.filter(status=DeliveryStatus.DELIVERED).exists)
    finally:
        conftest.stop(process)
    ((_, headers, body),) = receiver.received
    assert Webhook(secret).verify(body.decode(), headers)["type"] == "job.cancelled"


# Secrets.


def test_a_secret_is_shown_once_and_changes_over(api: APIClient, analyst: Any) -> None:
    assert api.get(SECRET).json() == {"created_at": None, "previous_until": None}
    made = api.post(SECRET)
    assert made.headers["Cache-Control"] == "no-store"
    first = made.json()["secret"]
    assert "secret" not in api.get(SECRET).json()
    second = api.post(SECRET).json()
    assert second["secret"] != first
    assert second["previous_until"] is not None

    def verified() -> list[bool]:
        keys = [signature.shown(key) for key in secrets.keys_of(analyst.pk)]
        return [text in keys for text in (first, second["secret"])]

    assert verified() == [True, True]
    WebhookSecret.objects.update(previous_until=Now() - timedelta(seconds=1))
    assert verified() == [False, True]
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(s)::text FROM jobs_webhooksecret s")
        stored = cursor.fetchone()[0]
    assert second["secret"].removeprefix("whsec_") not in stored
    assert api.delete(SECRET).status_code == 204
    assert api.get(SECRET).json()["created_at"] is None


# Over REST.


def test_webhooks_that_are_wrong(api: APIClient, secret: str, county: County) -> None:
    for given in (
        "http://example.gov/",
        "https://localhost/",
        "https://10.0.0.1/",
        "",
        None,
        7,
        ["https://example.gov"],
    ):
        body = {"county_id": county.pk, "flavour": "plain", "parameters": {"webhook": given}}
        response = api.post("/api/v1/dummy/run", body)
        assert response.status_code == 400, given
        assert [error["field"] for error in response.json()["errors"]] == ["parameters.webhook"], given
    assert not DummyJob.objects.exists()


def test_urls_are_shown_to_their_user_only(
    ask: Ask,
    api: APIClient,
    county: County,
    manager: Any,
    viewer: Any,
    outsider: Any,
    make_user: MakeUser,
    client_of: ClientOf,
    caplog: pytest.LogCaptureFixture,
    admin_client: Any,
) -> None:
    job = dispatch.cancel(ask())
    with caplog.at_level("INFO"):
        send_due()
    assert "127.0.0.1" in caplog.text
    assert "key=1" not in caplog.text
    address = f"{DELIVERIES}/{WebhookDelivery.objects.get().pk}"
    assert api.get(address).json()["url"].endswith("/in?key=1")
    for user, status in ((manager, 200), (viewer, 404), (outsider, 404), (None, 401)):
        response = client_of(user).get(address)
        assert response.status_code == status
        assert "key=1" not in response.content.decode()
        assert client_of(user).post(f"{address}/send").status_code == (202 if status == 200 else status)
    shown = client_of(viewer).get(f"/api/v1/dummy/status/{job.pk}").json()
    assert shown["parameters"]["webhook"].endswith("/...")
    assert "key=1" not in json.dumps(shown)
    # Another's rerun is none of the webhook's business.
    again = client_of(manager).post(f"/api/v1/dummy/jobs/{job.pk}/rerun").json()
    assert "webhook" not in again["parameters"]
    assert "webhook" in api.post(f"/api/v1/dummy/jobs/{job.pk}/rerun").json()["parameters"]
    for page in (
        reverse("admin:jobs_webhookdelivery_changelist"),
        reverse("admin:jobs_webhookdelivery_change", args=[address.rsplit("/", 1)[1]]),
        reverse("admin:dummy_dummyjob_change", args=[job.pk]),
    ):
        text = admin_client.get(page).content.decode()
        assert "127.0.0.1" in text
        assert "key=1" not in text
    request = {"county_id": county.pk, "flavour": "plain", "parameters": job.options}
    body = {"name": "x", "job_type": "dummy", "request": request, "cron": "0 5 * * *"}
    made = api.post("/api/v1/schedules", body).json()
    CountyAccess.objects.filter(user=manager).update(may_see_personal_data=True)
    for client, sees_url in ((api, True), (client_of(manager), False)):
        shown = client.get(made["links"]["self"]).json()["request"]["parameters"]["webhook"]
        assert shown.endswith("/in?key=1" if sees_url else "/...")
    page = admin_client.get(reverse("admin:jobs_schedule_change", args=[made["schedule_id"]])).content.decode()
    assert "key=1" not in page
    CountyAccess.objects.filter(county=county).delete()
    assert api.get(address).status_code == 404


def test_list_and_send_again(ask: Ask, api: APIClient, receiver: Server, admin_client: Any) -> None:
    receiver.respond = answer(410)
    job = dispatch.cancel(ask())
    dispatch.cancel(ask())
    send_due()
    listed = api.get(DELIVERIES, {"job_id": str(job.pk), "status": "GIVEN_UP"}).json()["results"]
    assert len(listed) == 1
    assert listed[0]["next_attempt_at"] is None
    assert api.get(DELIVERIES, {"status": "DELIVERED"}).json()["results"] == []
    receiver.respond = answer(200)
    response = api.post(f"{DELIVERIES}/{listed[0]['delivery_id']}/send")
    assert (response.status_code, response.json()["status"]) == (202, "WAITING")
    send_due()
    shown = api.get(f"{DELIVERIES}/{listed[0]['delivery_id']}").json()
    assert (shown["status"], shown["response_status"], shown["attempts"]) == ("DELIVERED", 200, 1)
    assert len(receiver.received) == 3
    assert api.get(f"{DELIVERIES}/x").status_code == 400
    everything = {
        "action": "send_again",
        "_selected_action": [str(pk) for pk in WebhookDelivery.objects.values_list("pk", flat=True)],
    }
    assert admin_client.post(reverse("admin:jobs_webhookdelivery_changelist"), everything).status_code == 302
    send_due()
    assert len(receiver.received) == 5
    assert not WebhookDelivery.objects.exclude(status=DeliveryStatus.DELIVERED).exists()


def test_query_counts_do_not_grow(ask: Ask, api: APIClient) -> None:
    def queries(number: int) -> int:
        for _ in range(number):
            dispatch.cancel(ask())
        with CaptureQueriesContext(connection) as captured:
            assert api.get(DELIVERIES).status_code == 200
        return len(captured)

    assert queries(1) == queries(4)
