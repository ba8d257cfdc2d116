"""From proposal to certified value: by whom, in which order, with what left behind, and what nobody can undo."""

from __future__ import annotations

import datetime
import threading
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from terrafusion.jobs.states import Status
from terrafusion.records.models import County, PropertyOperational, PropertyValueHistory
from terrafusion.records.values import in_effect
from tests.conftest import ClientOf
from tests.valuation import data
from tests.valuation.conftest import certify, decided, states
from valuation.decisions.asked import EVERYTHING, DecisionRequest, ValueSelection
from valuation.decisions.errors import AlreadyCertified, NotDecidable, PreviewStale
from valuation.models import Decision, PropertyValuation, Step, ValuationJob

Parcels = list[PropertyOperational]


def post(client: Any, run: ValuationJob, step: str, status: int = 201, **body: Any) -> Any:
    """Both steps; a ``status`` that is an error is expected of the first."""
    body = {"reason": "As the field review found.", "selection": "all", **body, "step": step}
    seen = client.post(reverse("valuation:preview", args=[run.pk]), body, format="json")
    assert seen.status_code == (200 if status == 201 else status), seen.content
    if status != 201:
        return seen.json()
    shown = seen.json()
    confirmed = {**body, "token": shown["token"], "count": shown["count"]}
    response = client.post(reverse("valuation:decisions", args=[run.pk]), confirmed, format="json")
    assert response.status_code == 201, response.content
    return response.json()


def named(*numbers: str) -> Any:
    return {"selection": {"parcels": list(numbers)}}


def test_the_whole_way_in_bulk(
    run: ValuationJob, parcels: Parcels, manager: Any, assessor: Any, client_of: ClientOf
) -> None:
    reviewed = post(client_of(manager), run, "review")
    assert (reviewed["parcels"], reviewed["selection"], reviewed["decided_by"]) == (5, "all", "manager")
    assert states(run) == {**{f"000{n}": "reviewed" for n in range(5)}, "0005": "proposed"}  # that has no value
    done = post(client_of(assessor), run, "certify", reason="Roll of 2022.")
    assert (done["parcels"], done["effective_date"], done["tax_year"]) == (5, "2022-01-01", 2022)
    history = PropertyValueHistory.objects.get(property=parcels[1])
    assert (history.total_value, history.land_value, history.improvement_value) == (301_000, 100_000, 201_000)
    assert (history.certified, str(history.effective_date), history.tax_year) == (True, "2022-01-01", 2022)
    assert str(run.pk) in history.source
    parcels[1].refresh_from_db()
    assert (parcels[1].total_value, parcels[1].land_value, parcels[1].tax_year) == (301_000, 100_000, 2022)
    before = parcels[5].total_value
    parcels[5].refresh_from_db()
    assert parcels[5].total_value == before


def test_rights_of_each_step(
    run: ValuationJob, viewer: Any, analyst: Any, manager: Any, assessor: Any, outsider: Any, client_of: ClientOf
) -> None:
    for user, refused in (
        (viewer, ("override", "review", "reject", "send_back", "certify")),
        (analyst, ("review", "reject", "send_back", "certify")),
        (manager, ("certify",)),
    ):
        for step in refused:
            more: dict[str, Any] = {"value": 1, **named("0001")} if step == "override" else {}
            problem = post(client_of(user), run, step, status=403, **more)
            assert "takes" in problem["detail"]
    post(client_of(outsider), run, "review", status=404)
    post(client_of(None), run, "review", status=401)
    assert not Decision.objects.exists()
    post(client_of(analyst), run, "override", value=310_000, **named("0001"))
    post(client_of(assessor), run, "review")  # who may certify may do all before it


def test_an_override_keeps_its_reason_and_is_reviewed_again(
    run: ValuationJob, parcels: Parcels, analyst: Any, manager: Any, assessor: Any, client_of: ClientOf
) -> None:
    post(client_of(manager), run, "review")
    post(client_of(analyst), run, "override", value=250_500, reason="The roof is gone.", **named("0002"))
    assert states(run)["0002"] == "proposed"
    post(client_of(assessor), run, "certify", status=409, **named("0002"))
    post(client_of(manager), run, "review", **named("0002"))
    post(client_of(assessor), run, "certify", **named("0002"))
    sheet = client_of(manager).get(reverse("valuation:sheet", args=[run.pk, "0002"])).json()
    assert (sheet["value"], sheet["proposed_value"], sheet["state"]) == (250_500, 302_000, "certified")
    assert [(decision["step"], decision["by"]) for decision in sheet["decisions"]] == [
        ("review", "manager"),
        ("override", "analyst"),
        ("review", "manager"),
        ("certify", "assessor"),
    ]
    assert sheet["decisions"][1]["reason"] == "The roof is gone."
    assert [sheet["decisions"][1][name] for name in ("value_before", "value_after")] == [302_000, 250_500]
    history = PropertyValueHistory.objects.get(property=parcels[2])
    assert (history.total_value, history.land_value, history.improvement_value) == (250_500, 100_000, 150_500)


def test_of_what_could_not_be_valued_an_override_makes_a_value(
    run: ValuationJob, parcels: Parcels, assessor: Any
) -> None:
    request = DecisionRequest(Step.OVERRIDE, ValueSelection(parcels=("0005",)), "Measured on site.", value=90_000)
    decided(run, assessor, request)
    certify(run, assessor, "0005")
    history = PropertyValueHistory.objects.get(property=parcels[5])
    assert (history.total_value, history.land_value, history.improvement_value) == (90_000, None, None)


def test_named_parcels_are_all_ready_or_nothing_is_done(run: ValuationJob, manager: Any, client_of: ClientOf) -> None:
    problem = post(client_of(manager), run, "review", status=409, **named("0001", "0005", "9999"))
    assert problem["code"] == "not_decidable"
    assert "0005 (proposed), 9999 (not in this run)" in problem["detail"]
    assert set(states(run).values()) == {"proposed"}
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    ("body", "field", "meant"),
    [
        ({"selektion": {"parcels": ["0001"]}}, "selektion", "Did you mean 'selection'?"),
        ({"selection": {"parcel": ["0001"]}}, "selection.parcel", "Did you mean 'parcels'?"),
        ({"selection": {"neighborhood": ["North"]}}, "selection.neighborhood", "Did you mean 'neighborhoods'?"),
        ({"selection.parcel": "0001"}, "selection.parcel", "Did you mean 'parcels'?"),
        ({"selektion.parcels": "0001"}, "selektion", "Did you mean 'selection'?"),
        ({"step.parcels": "0001"}, "step.parcels", "Did you mean 'step'?"),
        ({"selection": '{"parcels": ["0001"]}'}, "selection", "Give its members in a form, as selection.name"),
    ],
)
def test_a_misspelled_selection_decides_nothing(
    run: ValuationJob, manager: Any, client_of: ClientOf, body: dict[str, Any], field: str, meant: str
) -> None:
    as_form = any("." in name for name in body) or isinstance(body.get("selection"), str)
    address = reverse("valuation:decisions", args=[run.pk])
    sent = {"step": "review", "reason": "Seen.", **body}
    response = client_of(manager).post(address, sent, format="multipart" if as_form else "json")
    assert response.status_code == 400, response.content
    details = {fault["field"]: fault["detail"] for fault in response.json()["errors"]}
    assert meant in details[field]
    assert not Decision.objects.exists()
    assert set(states(run).values()) == {"proposed"}


def test_a_part_of_a_run(run: ValuationJob, manager: Any, client_of: ClientOf) -> None:
    chosen: Any = {"selection": {"neighborhoods": ["North"], "property_classes": ["Residential"]}}
    assert post(client_of(manager), run, "reject", **chosen)["parcels"] == 3
    assert [number for number, state in states(run).items() if state == "rejected"] == ["0000", "0002", "0004"]
    problem = post(client_of(manager), run, "reject", status=409, **chosen)
    assert "3 in the state rejected" in problem["detail"]
    post(client_of(manager), run, "send_back", **chosen)
    assert set(states(run).values()) == {"proposed"}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"step": "guess"}, {"step"}),
        ({"step": "review", "reason": " "}, {"reason"}),
        ({"step": "review", "value": 5}, {"value"}),
        ({"step": "review", "tax_year": 2022}, {"tax_year"}),
        ({"step": "override"}, {"value", "selection"}),
        ({"step": "override", "value": 0, **named("0001")}, {"value"}),
        ({"step": "override", "value": 5, **named("0001", "0002")}, {"selection"}),
        ({"step": "certify", "effective_date": "2021-12-31"}, {"effective_date"}),
        ({"step": "certify", "selection": {"parcels": "x" * 3, "neighborhoods": 5}}, {"selection.neighborhoods"}),
        ({"step": "review", "selection": {}}, {"selection"}),
        ({"step": "review", "selection": {"parcels": []}}, {"selection"}),
        ({"step": "review", "selection": "everything"}, {"selection"}),
        ({"step": "review", "selection": None}, {"selection"}),
        ({"step": "revoke"}, {"decision"}),
        ({"step": "review", "decision": "00000000-0000-0000-0000-000000000000"}, {"decision"}),
        ({"step": "revoke", "decision": "00000000-0000-0000-0000-000000000000"}, {"decision"}),
        ({"step": "correct", "value": 5}, {"selection"}),
    ],
)
def test_requests_that_are_wrong(
    run: ValuationJob, assessor: Any, client_of: ClientOf, body: dict[str, Any], fields: set[str]
) -> None:
    problem = post(client_of(assessor), run, status=400, **body)
    assert fields <= {error["field"].removesuffix(".non_field_errors") for error in problem["errors"]}
    assert not Decision.objects.exists()


def test_only_of_runs_that_have_values(county: County, run: ValuationJob, assessor: Any) -> None:
    failed = data.run_of(county, status=Status.FAILED)
    study = data.run_of(county, valuation_method="ratio_study")
    for other in (failed, study):
        with pytest.raises(NotDecidable):
            decided(other, assessor, DecisionRequest(Step.REVIEW, EVERYTHING, "Seen."))
    again = data.run_of(county, reused_from=run)  # was given the values of the first
    assert decided(again, assessor, DecisionRequest(Step.REVIEW, EVERYTHING, "Seen.")).job == run


def test_a_day_has_one_certified_value(run: ValuationJob, county: County, parcels: Parcels, assessor: Any) -> None:
    certify(run, assessor, "0001")
    second = data.run_of(county)
    for parcel in parcels[:3]:
        data.proposed(second, parcel, value=111_000)
    decided(second, assessor, DecisionRequest(Step.REVIEW, EVERYTHING, "Seen."))
    request = DecisionRequest(Step.CERTIFY, EVERYTHING, "Again.", effective_date=data.VALUATION_DATE, tax_year=2022)
    named_too = DecisionRequest(
        Step.CERTIFY, ValueSelection(parcels=("0001",)), "Again.", effective_date=data.VALUATION_DATE, tax_year=2022
    )
    with pytest.raises(AlreadyCertified, match="0001"):
        decided(second, assessor, named_too)
    assert decided(second, assessor, request).parcels == 2  # all but the one that has its value of that day
    assert states(second) == {"0000": "certified", "0001": "reviewed", "0002": "certified"}
    later = DecisionRequest(
        Step.CERTIFY, EVERYTHING, "For July.", effective_date=datetime.date(2022, 7, 1), tax_year=2022
    )
    assert decided(second, assessor, later).parcels == 1
    parcels[1].refresh_from_db()
    assert parcels[1].total_value == 111_000


def test_the_roll_of_that_day_gives_way_and_a_later_year_stays(
    run: ValuationJob, county: County, parcels: Parcels, assessor: Any
) -> None:
    PropertyValueHistory.objects.create(
        county=county, property=parcels[1], tax_year=2022, effective_date=data.VALUATION_DATE, total_value=5
    )
    PropertyOperational.objects.filter(pk=parcels[2].pk).update(tax_year=2030, total_value=7)
    certify(run, assessor, "0001", "0002")
    loaded, standing = PropertyValueHistory.objects.filter(property=parcels[1]).order_by("certified")
    assert (loaded.total_value, standing.total_value) == (5, 301_000)
    assert in_effect(county.pk, data.VALUATION_DATE).get(property_id=parcels[1].pk)["total_value"] == 301_000
    parcels[2].refresh_from_db()
    assert parcels[2].total_value == 7


def test_values_of_a_day_to_come_do_not_hold_yet(run: ValuationJob, parcels: Parcels, assessor: Any) -> None:
    before = parcels[1].total_value
    tomorrow = datetime.date.today() + datetime.timedelta(days=2)
    certify(run, assessor, "0001", day=tomorrow)
    parcels[1].refresh_from_db()
    assert parcels[1].total_value == before


_FORBIDDEN = [
    "UPDATE valuation_propertyvaluation SET override_value = 1 WHERE state = 'certified'",
    "UPDATE valuation_propertyvaluation SET state = 'proposed' WHERE state = 'certified'",
    "DELETE FROM valuation_propertyvaluation WHERE state = 'certified'",
    "UPDATE records_propertyvaluehistory SET total_value = 1 WHERE certified",
    "UPDATE records_propertyvaluehistory SET certified = false WHERE certified",
    "DELETE FROM records_propertyvaluehistory WHERE certified",
    "UPDATE valuation_decision SET reason = 'other'",
    "DELETE FROM valuation_decidedvalue",
    # What the database let pass before: the current figures, the mark itself, and emptying.
    "UPDATE records_propertyoperational SET total_value = 100 WHERE parcel_number = '0001'",
    "UPDATE records_propertyoperational SET tax_year = 2099, total_value = 1 WHERE parcel_number = '0001'",
    "TRUNCATE records_propertyvaluehistory CASCADE",
    "TRUNCATE records_propertyoperational CASCADE",
    "TRUNCATE valuation_propertyvaluation CASCADE",
    "TRUNCATE valuation_decision CASCADE",
    "TRUNCATE valuation_decidedvalue",
    "UPDATE records_propertyvaluehistory SET revoked_by = gen_random_uuid() WHERE certified",
    "INSERT INTO records_propertyvaluehistory (county_id, property_id, tax_year, effective_date, total_value, "
    "source, certified, decision, recorded_at) SELECT county_id, property_id, 2023, '2023-01-01', 1, '', true, "
    "gen_random_uuid(), now() FROM records_propertyvaluehistory WHERE certified",
    "UPDATE valuation_propertyvaluation SET state = 'certified', effective_date = '2023-01-01', tax_year = 2023 "
    "WHERE parcel_number = '0002'",
    "INSERT INTO valuation_decidedvalue (decision_id, valuation_id, state_before, value_before, value_after) "
    "SELECT decision_id, valuation_id + 1, 'reviewed', 1, 1 FROM valuation_decidedvalue; "
    "UPDATE valuation_propertyvaluation SET state = 'certified', effective_date = '2022-01-01', tax_year = 2022 "
    "WHERE parcel_number = '0002'",
]


def test_the_database_lets_nobody_change_what_was_certified_or_decided(run: ValuationJob, assessor: Any) -> None:
    certify(run, assessor, "0001")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what is pending would itself keep a table from being emptied
        for statement in _FORBIDDEN:
            with pytest.raises(IntegrityError, match=r"never changes|by a decision"), transaction.atomic():
                cursor.execute(statement)


def test_what_is_certified_is_whole(run: ValuationJob) -> None:
    for columns in ({"state": "certified"}, {"state": "lost"}, {"value": -1}, {"value": 1}, {"override_value": -1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PropertyValuation.objects.filter(job=run, parcel_number="0001").update(**columns)


def test_two_who_certify_at_once(transactional_db: None, run: ValuationJob, county: County, assessor: Any) -> None:
    second = data.run_of(county)
    for parcel in PropertyOperational.objects.filter(county=county).order_by("pk")[:5]:
        data.proposed(second, parcel, value=111_000)
    outcomes: list[str] = []
    for job in (run, second):
        decided(job, assessor, DecisionRequest(Step.REVIEW, EVERYTHING, "Seen."))
    gate = threading.Barrier(6)

    def certify_all(job: ValuationJob) -> None:
        try:
            gate.wait()
            request = DecisionRequest(
                Step.CERTIFY, EVERYTHING, "Roll.", effective_date=data.VALUATION_DATE, tax_year=2022
            )
            decided(job, assessor, request)
            outcomes.append("certified")
        except (AlreadyCertified, NotDecidable, PreviewStale) as refused:
            outcomes.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=certify_all, args=(job,)) for job in (run, second) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("certified") == 1
    assert set(outcomes) <= {"certified", "already_certified", "not_decidable", "preview_stale"}
    certified = PropertyValuation.objects.filter(state="certified")
    assert certified.values("job").distinct().count() == 1
    assert PropertyValueHistory.objects.count() == certified.count() == Decision.objects.get(step="certify").parcels


def test_the_trail_over_rest_and_in_the_admin(
    run: ValuationJob, manager: Any, viewer: Any, outsider: Any, admin_client: Any, client_of: ClientOf
) -> None:
    post(client_of(manager), run, "review", **named("0001"))
    post(client_of(manager), run, "reject", reason="A barn.", **named("0002"))
    address = reverse("valuation:decisions", args=[run.pk])
    listed = client_of(viewer).get(address).json()["results"]
    assert [(one["step"], one["reason"], one["selection"]) for one in listed] == [
        ("reject", "A barn.", {"parcels": ["0002"]}),
        ("review", "As the field review found.", {"parcels": ["0001"]}),
    ]
    assert client_of(outsider).get(address).status_code == 404
    assert "A barn." in admin_client.get(reverse("admin:valuation_decision_changelist")).content.decode()
    one = Decision.objects.get(step="reject")
    page = reverse("admin:valuation_decision_change", args=[one.pk])
    assert admin_client.get(page).status_code == 200
    assert admin_client.post(page, {"reason": "other"}).status_code == 403
    assert admin_client.get(reverse("admin:valuation_propertyvaluation_changelist")).status_code == 200
    listed = admin_client.get(reverse("admin:valuation_decidedvalue_changelist"), {"q": "0002"}).content.decode()
    assert "302,000" in listed or "302000" in listed
    assert 'class="field-parcel">0001' not in listed
    page = reverse("admin:valuation_decidedvalue_change", args=[one.values.get().pk])
    assert admin_client.get(page).status_code == 200
    assert admin_client.post(page, {"value_after": 1}).status_code == 403


def test_the_admin_shows_staff_the_trail_of_their_own_counties(
    run: ValuationJob, manager: Any, outsider: Any, client: Any
) -> None:
    decided(run, manager, DecisionRequest(Step.REVIEW, EVERYTHING, "Seen."))
    for user, values in ((manager, 5), (outsider, 0)):
        user.is_staff = True
        user.save()
        user.user_permissions.set(Permission.objects.all())
        client.force_login(user)
        for table in ("decidedvalue", "decision"):
            listed = client.get(reverse(f"admin:valuation_{table}_changelist"))
            assert len(listed.context["cl"].queryset) == (values if table == "decidedvalue" else values // 5)


def test_more_than_one_decision_can_be_about(
    run: ValuationJob, manager: Any, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("valuation.decisions.preview.MAXIMUM", 3)
    problem = post(client_of(manager), run, "review", status=409)
    assert "has 5 values; one decision can be about 3. Name neighborhoods" in problem["detail"]
    assert set(states(run).values()) == {"proposed"}
    assert post(client_of(manager), run, "review", selection={"neighborhoods": ["North"]})["parcels"] == 3
