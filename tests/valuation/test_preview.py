"""A decision takes two steps: what was seen is what is done, once, by the one who saw it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from terrafusion.records.models import County, CountySettings, PropertyOperational
from tests.conftest import ClientOf, MakeUser, Role
from tests.valuation import data
from tests.valuation.conftest import decided, states
from valuation.decisions import token
from valuation.decisions.asked import EVERYTHING, DecisionRequest
from valuation.models import Decision, PropertyValuation, Step, ValuationJob

BODY = {"step": "review", "selection": "all", "reason": "Field review of March."}


def see(client: Any, run: ValuationJob, **body: Any) -> dict[str, Any]:
    response = client.post(reverse("valuation:preview", args=[run.pk]), {**BODY, **body}, format="json")
    assert response.status_code == 200, response.content
    shown: dict[str, Any] = response.json()
    return shown


def confirm(client: Any, run: ValuationJob, shown: dict[str, Any], status: int, **body: Any) -> Any:
    sent = {**BODY, "token": shown["token"], "count": shown["count"], **body}
    response = client.post(reverse("valuation:decisions", args=[run.pk]), sent, format="json")
    assert response.status_code == status, response.content
    return response.json()


@pytest.fixture
def client(client_of: ClientOf, manager: Any) -> APIClient:
    return client_of(manager)


def test_a_preview_says_what_would_be_done_and_does_nothing(
    client: APIClient, run: ValuationJob, parcels: list[PropertyOperational]
) -> None:
    shown = see(client, run)
    before = [parcel.total_value or 0 for parcel in parcels[:5]]
    after = [300_000 + 1000 * number for number in range(5)]
    assert (shown["count"], shown["total_before"], shown["total_after"]) == (5, sum(before), sum(after))
    assert shown["increased"] + shown["decreased"] + shown["unchanged"] == 5
    changes = sorted((b - a for a, b in zip(before, after, strict=True)), key=abs, reverse=True)
    assert [one["change"] for one in shown["largest_changes"]] == [change for change in changes if change]
    assert [(one["reason"], one["count"]) for one in shown["skipped"]] == [("no_value", 1)]
    assert set(states(run).values()) == {"proposed"}
    assert not Decision.objects.exists()
    assert confirm(client, run, shown, 201)["parcels"] == 5


@pytest.mark.parametrize("missing", ["token", "count"])
def test_without_a_preview_nothing_is_decided(client: APIClient, run: ValuationJob, missing: str) -> None:
    sent = {**BODY, "token": "x", "count": 5}
    del sent[missing]
    problem = client.post(reverse("valuation:decisions", args=[run.pk]), sent, format="json")
    assert problem.status_code == 400
    assert {error["field"] for error in problem.json()["errors"]} == {missing}
    assert "decisions/preview" in problem.json()["errors"][0]["detail"]


def test_the_count_and_the_token_are_checked(client: APIClient, run: ValuationJob) -> None:
    shown = see(client, run)
    assert confirm(client, run, shown, 400, count=6)["errors"][0]["field"] == "count"
    assert confirm(client, run, shown, 400, token="forged")["errors"][0]["field"] == "token"
    assert not Decision.objects.exists()


def test_a_token_is_of_one_request(client: APIClient, run: ValuationJob, county: County) -> None:
    shown = see(client, run)
    assert confirm(client, run, shown, 409, step="reject")["code"] == "preview_differs"
    assert confirm(client, run, shown, 409, reason="Another.")["code"] == "preview_differs"
    other = data.run_of(county)
    for parcel in PropertyOperational.objects.order_by("pk")[:5]:
        data.proposed(other, parcel)
    assert confirm(client, other, shown, 409)["code"] == "preview_differs"


def test_a_token_is_of_one_user(
    client: APIClient, run: ValuationJob, county: County, make_user: MakeUser, client_of: ClientOf
) -> None:
    shown = see(client, run)
    another = client_of(make_user("another", Role.MANAGER, county))
    assert "another user" in confirm(another, run, shown, 409)["detail"]


def test_a_preview_is_carried_out_once(client: APIClient, run: ValuationJob, assessor: Any) -> None:
    shown = see(client, run)
    confirm(client, run, shown, 201)
    assert confirm(client, run, shown, 409)["code"] == "already_decided"
    decided(run, assessor, DecisionRequest(Step.SEND_BACK, EVERYTHING, "Seen too early."))
    assert confirm(client, run, shown, 409)["code"] == "already_decided"  # though all is as it was
    assert set(states(run).values()) == {"proposed"}


def test_a_preview_expires(client: APIClient, run: ValuationJob, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = see(client, run)
    monkeypatch.setattr(token, "LIFE", timedelta(seconds=-1))
    assert confirm(client, run, shown, 409)["code"] == "preview_expired"


@pytest.mark.parametrize("change", ["figure", "set", "current"])
def test_what_has_changed_since_is_not_decided(client: APIClient, run: ValuationJob, change: str) -> None:
    shown = see(client, run)
    values = PropertyValuation.objects.filter(job=run, parcel_number="0001")
    if change == "figure":
        values.update(override_value=1)
    elif change == "set":
        values.update(state="rejected")
    else:
        PropertyOperational.objects.filter(parcel_number="0001").update(total_value=5)
    assert confirm(client, run, shown, 409)["code"] == "preview_stale"
    assert not Decision.objects.exists()


def test_the_pages_show_the_figures_before_the_confirming_form(
    manager: Any, run: ValuationJob, client_of: ClientOf, settings: Any
) -> None:
    """As a browser: forms, a session, no JSON; empty boxes select nothing."""
    browser = APIClient(headers={"Accept": "text/html"})
    browser.force_login(manager)
    preview = reverse("valuation:preview", args=[run.pk])
    record = reverse("valuation:decisions", args=[run.pk])
    listed = browser.get(record).content.decode()
    assert f'href="{preview}"' in listed
    assert "<textarea" not in listed  # nothing decides from here
    empty = {
        "step": "review",
        "reason": "Seen.",
        "selection.parcels": "",
        "selection.neighborhoods": "",
        "selection.property_classes": "",
        "value": "",
        "effective_date": "",
        "tax_year": "",
        "decision": "",
    }
    assert browser.post(preview, empty, format="multipart").status_code == 400
    assert browser.post(record, empty, format="multipart").status_code == 400
    both = {**empty, "selection.everything": "all", "selection.parcels": "0001"}
    misspelled = {**empty, "selection.everything": "all", "selection.parcel": "0001"}
    for wrong in (both, misspelled):
        assert browser.post(preview, wrong, format="multipart").status_code == 400
    page = browser.post(preview, {**empty, "selection.everything": "all"}, format="multipart")
    html = page.content.decode()
    assert page.status_code == 200, html
    assert "<strong>5</strong> values" in html
    assert "$1,510,000" in html
    assert "1 without a value above zero" in html
    form = html[html.index(f'action="{record}"') :]
    boxes = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form))
    boxes.pop("csrfmiddlewaretoken", None)
    assert browser.post(record, boxes, format="multipart").status_code == 201
    assert Decision.objects.get().selection == "all"
    some = {**empty, "step": "reject", "selection.parcels": "0001, 0002"}
    html = browser.post(preview, some, format="multipart").content.decode()
    form = html[html.index(f'action="{record}"') :]
    boxes = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form))
    assert browser.post(record, boxes, format="multipart").status_code == 201
    assert Decision.objects.get(step="reject").selection == {"parcels": ["0001", "0002"]}


def test_what_there_is_to_decide(client: APIClient, run: ValuationJob) -> None:
    standing = client.get(reverse("valuation:preview", args=[run.pk])).json()
    assert standing == [{"state": "proposed", "count": 6, "total": 1_510_000}]


def test_two_people_where_the_county_wants_two(
    county: County, run: ValuationJob, client_of: ClientOf, make_user: MakeUser
) -> None:
    ann, bob = (client_of(make_user(name, Role.ASSESSOR, county)) for name in ("ann", "bob"))
    CountySettings.objects.create(county=county, separate_certifier=True)
    for person, numbers in ((ann, ["0001", "0002"]), (bob, ["0003"])):
        chosen = {"selection": {"parcels": numbers}}
        confirm(person, run, see(person, run, **chosen), 201, **chosen)
    shown = see(ann, run, step="certify")
    assert (shown["count"], [(one["reason"], one["count"]) for one in shown["skipped"]]) == (
        1,
        [("own_review", 2), ("state_proposed", 3)],
    )
    named = {**BODY, "step": "certify", "selection": {"parcels": ["0001"]}}
    refused = ann.post(reverse("valuation:preview", args=[run.pk]), named, format="json")
    assert refused.status_code == 409
    assert "0001 (reviewed by you" in refused.json()["detail"]
    confirm(ann, run, shown, 201, step="certify")
    assert states(run)["0003"] == "certified"
    # A token that was given before the county asked for two is of no use after.
    CountySettings.objects.update(separate_certifier=False)
    before = see(ann, run, step="certify")
    assert before["count"] == 2
    CountySettings.objects.update(separate_certifier=True)
    assert confirm(ann, run, before, 409, step="certify")["code"] in ("not_decidable", "preview_stale")
    # Sent back and reviewed by somebody else, a value is Ann's to certify.
    one = {"selection": {"parcels": ["0001"]}}
    confirm(bob, run, see(bob, run, step="send_back", **one), 201, step="send_back", **one)
    confirm(bob, run, see(bob, run, **one), 201, **one)
    confirm(ann, run, see(ann, run, step="certify", **one), 201, step="certify", **one)
    assert states(run)["0001"] == "certified"
    confirm(bob, run, see(bob, run, step="certify"), 201, step="certify")
    assert states(run)["0002"] == "certified"
