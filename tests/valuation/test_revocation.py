"""A mistake can be undone, as a new row of the trail: what counts is as if it had not been, and nothing is deleted."""

from __future__ import annotations

import datetime
import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from terrafusion.records.loading.load import load
from terrafusion.records.models import County, CountySettings, PropertyOperational, PropertyValueHistory
from terrafusion.records.values import in_effect
from tests.conftest import ClientOf
from tests.valuation import data
from tests.valuation.conftest import certify, decided, states
from valuation import layers, values
from valuation.decisions.asked import EVERYTHING, DecisionRequest, ValueSelection
from valuation.decisions.errors import NotDecidable, PreviewStale, TooLate
from valuation.models import DecidedValue, Decision, PropertyValuation, State, Step, ValuationJob

Parcels = list[PropertyOperational]


def revoke(run: ValuationJob, user: Any, *numbers: str, decision: Decision | None = None) -> Decision:
    chosen = ValueSelection(parcels=numbers) if numbers else EVERYTHING
    decision = decision or Decision.objects.filter(step=Step.CERTIFY).latest("decided_at")
    return decided(run, user, DecisionRequest(Step.REVOKE, chosen, "The wrong year.", decision=decision))


def current(parcel: PropertyOperational) -> int | None:
    parcel.refresh_from_db()
    return parcel.total_value


def test_a_revoked_value_counts_nowhere_and_stays_on_record(
    run: ValuationJob, county: County, parcels: Parcels, assessor: Any, client_of: ClientOf
) -> None:
    before = current(parcels[1])
    certify(run, assessor, "0001", "0002")
    assert current(parcels[1]) == 301_000
    made = revoke(run, assessor, "0001")
    assert (made.step, made.parcels, made.reason, made.revokes.step) == ("revoke", 1, "The wrong year.", "certify")  # type: ignore[union-attr]
    assert current(parcels[1]) == before
    assert current(parcels[2]) == 302_000
    assert states(run)["0001"] == "reviewed"
    assert [row.parcel_number for row in values.certified(county)] == ["0002"]
    layer = layers.certified_values(county)
    assert layer is not None
    assert [row.parcel_number for row in layer.queryset] == ["0002"]
    assert [row["property_id"] for row in in_effect(county.pk, None)] == [parcels[2].pk]
    entry = PropertyValueHistory.objects.get(property=parcels[1])
    assert (entry.certified, entry.revoked_by, entry.total_value) == (True, made.pk, 301_000)
    api = client_of(assessor)
    history = api.get(f"/api/v1/properties/{parcels[1].pk}/value-history").json()
    assert [(one["total_value"], one["certified"], one["revoked"]) for one in history] == [(301_000, True, True)]
    sheet = api.get(reverse("valuation:parcel-valuation", args=["0001"]), {"county_id": county.pk}).json()
    assert [one["step"] for one in sheet["decisions"]] == ["review", "certify", "revoke"]
    asked = {"county_id": county.pk, "which": "certified"}
    assert api.get(reverse("valuation:parcel-valuation", args=["0001"]), asked).status_code == 404


def test_it_can_be_certified_again_for_the_same_day(run: ValuationJob, parcels: Parcels, assessor: Any) -> None:
    certify(run, assessor, "0001")
    revoke(run, assessor)
    request = DecisionRequest(Step.OVERRIDE, ValueSelection(parcels=("0001",)), "The roof is gone.", value=250_000)
    decided(run, assessor, request)
    certify(run, assessor, "0001")
    assert current(parcels[1]) == 250_000
    entries = PropertyValueHistory.objects.filter(property=parcels[1]).order_by("pk")
    assert [(entry.total_value, entry.revoked_by is None) for entry in entries] == [(301_000, False), (250_000, True)]
    with pytest.raises(NotDecidable, match="decided about again since"):
        revoke(run, assessor, decision=Decision.objects.filter(step=Step.CERTIFY).earliest("decided_at"))


def test_an_earlier_certified_value_holds_again_and_a_later_one_stays(
    run: ValuationJob, county: County, parcels: Parcels, assessor: Any
) -> None:
    certify(run, assessor, "0001", "0002")
    second = data.run_of(county)
    for parcel in parcels[1:3]:
        data.proposed(second, parcel, value=400_000)
    july = datetime.date(2022, 7, 1)
    certify(second, assessor, "0001", "0002", day=july)
    later = Decision.objects.get(effective_date=july)
    revoke(second, assessor, "0001", decision=later)
    assert (current(parcels[1]), current(parcels[2])) == (301_000, 400_000)
    revoke(run, assessor, decision=Decision.objects.get(effective_date=data.VALUATION_DATE))
    assert current(parcels[2]) == 400_000  # of July, which no one revoked
    assert revoke(second, assessor, decision=later).parcels == 1  # what is left of it
    assert values.latest_certified(county, "0002") is None


def test_what_the_roll_said_comes_back_also_when_it_was_loaded_meanwhile(
    run: ValuationJob, county: County, parcels: Parcels, assessor: Any, tmp_path: Any
) -> None:
    file = tmp_path / "roll.csv"
    file.write_text("parcel_number,total_value,land_value,tax_year\n0001,290000,90000,2022\n")
    load(county.pk, "parcels", file)
    certify(run, assessor, "0001")
    assert current(parcels[1]) == 301_000
    file.write_text("parcel_number,total_value,land_value,tax_year\n0001,295000,95000,2022\n")
    assert load(county.pk, "parcels", file).values_certified == 1
    assert current(parcels[1]) == 301_000
    revoke(run, assessor)
    parcels[1].refresh_from_db()
    assert (parcels[1].total_value, parcels[1].land_value, parcels[1].tax_year) == (295_000, 95_000, 2022)
    assert [row["total_value"] for row in in_effect(county.pk, None)] == [295_000]


def test_until_when(run: ValuationJob, county: County, assessor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    CountySettings.objects.create(county=county, revocation_days=10)
    tomorrow = datetime.date.today() + datetime.timedelta(days=40)
    certify(run, assessor, "0001")
    certify(run, assessor, "0002", day=tomorrow)
    past, coming = Decision.objects.filter(step=Step.CERTIFY).order_by("decided_at")
    after = timezone.now() + datetime.timedelta(days=11)
    monkeypatch.setattr("valuation.decisions.rules.timezone.now", lambda: after)
    with pytest.raises(TooLate, match=r"10 days .* its effective date, 2022-01-01, has come. Correct single"):
        revoke(run, assessor, decision=past)
    assert revoke(run, assessor, decision=coming).parcels == 1
    monkeypatch.undo()
    assert revoke(run, assessor, decision=past).parcels == 1


def test_other_steps_are_revoked_too(run: ValuationJob, assessor: Any) -> None:
    request = DecisionRequest(Step.OVERRIDE, ValueSelection(parcels=("0001",)), "A guess.", value=1)
    override = decided(run, assessor, request)
    review = decided(run, assessor, DecisionRequest(Step.REVIEW, EVERYTHING, "Seen."))
    with pytest.raises(NotDecidable, match="decided about again since"):
        revoke(run, assessor, decision=override)
    revoke(run, assessor, decision=review)
    assert set(states(run).values()) == {"proposed"}
    undone = decided(run, assessor, DecisionRequest(Step.REVOKE, EVERYTHING, "No guesses.", decision=override))
    value = PropertyValuation.objects.get(job=run, parcel_number="0001")
    assert (value.override_value, value.stands) == (None, 301_000)
    assert [(one.value_before, one.value_after) for one in undone.values.all()] == [(1, 301_000)]
    with pytest.raises(NotDecidable, match="is not revoked"):
        revoke(run, assessor, decision=undone)


def test_only_an_assessor_revokes_or_corrects(
    run: ValuationJob, assessor: Any, manager: Any, client_of: ClientOf
) -> None:
    certify(run, assessor, "0001")
    decision = Decision.objects.get(step=Step.CERTIFY)
    for body in (
        {"step": "revoke", "decision": str(decision.pk), "selection": "all"},
        {"step": "correct", "value": 5, "selection": {"parcels": ["0001"]}},
    ):
        sent = {**body, "reason": "A mistake."}
        response = client_of(manager).post(reverse("valuation:preview", args=[run.pk]), sent, format="json")
        assert response.status_code == 403
    again = client_of(assessor).post(
        reverse("valuation:preview", args=[run.pk]),
        {"step": "revoke", "decision": str(decision.pk), "selection": "all", "reason": "A mistake."},
        format="json",
    )
    assert (again.json()["count"], again.json()["total_before"]) == (1, 301_000)
    assert again.json()["total_after"] == PropertyOperational.objects.get(parcel_number="0001").roll_value.total_value


def test_a_correction_is_a_new_entry_with_a_reason(
    run: ValuationJob, county: County, parcels: Parcels, assessor: Any
) -> None:
    before = current(parcels[1])
    certify(run, assessor, "0001")
    request = DecisionRequest(Step.CORRECT, ValueSelection(parcels=("0001",)), "Board of Equalization.", value=280_000)
    made = decided(run, assessor, request)
    assert (made.effective_date, made.tax_year) == (data.VALUATION_DATE, 2022)
    assert current(parcels[1]) == 280_000
    entries = PropertyValueHistory.objects.filter(property=parcels[1]).order_by("pk")
    assert [(entry.total_value, entry.revoked_by) for entry in entries] == [(301_000, made.pk), (280_000, None)]
    assert [row.stands for row in values.certified(county)] == [280_000]
    revoke(run, assessor)  # the certification, corrected or not
    assert current(parcels[1]) == before
    assert not PropertyValueHistory.objects.filter(revoked_by=None).exists()


def test_two_who_revoke_at_once(transactional_db: None, run: ValuationJob, assessor: Any) -> None:
    certify(run, assessor, "0001", "0002")
    outcomes: list[str] = []
    gate = threading.Barrier(4)

    def undo() -> None:
        try:
            gate.wait()
            revoke(run, assessor)
            outcomes.append("revoked")
        except (PreviewStale, NotDecidable) as refused:
            outcomes.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=undo) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("revoked") == 1
    assert set(outcomes) <= {"revoked", "preview_stale", "not_decidable"}
    assert DecidedValue.objects.filter(decision__step=Step.REVOKE).count() == 2


def test_nobody_writes_over_a_certified_value(
    run: ValuationJob, parcels: Parcels, county: County, assessor: Any, admin_client: Any, tmp_path: Any
) -> None:
    """The paths by which $614,500 became $100: admin, shell, bulk work and loads. SQL is in test_decisions."""
    certify(run, assessor, "0001")
    parcel = PropertyOperational.objects.get(pk=parcels[1].pk)
    page = reverse("admin:records_propertyoperational_change", args=[parcel.pk])
    form = admin_client.get(page).context["adminform"].form
    assert not {"total_value", "land_value", "improvement_value", "tax_year"} & set(form.fields)
    sent = {name: "" if value is None else value for name, value in form.initial.items()}
    inline = {"value_history-TOTAL_FORMS": 0, "value_history-INITIAL_FORMS": 0}
    assert admin_client.post(page, {**sent, **inline, "total_value": 100}).status_code == 302
    assert current(parcel) == 301_000
    parcel.total_value = 100
    for write in (
        parcel.save,
        lambda: PropertyOperational.objects.filter(pk=parcel.pk).update(total_value=100),
        lambda: PropertyOperational.objects.bulk_update([parcel], ["total_value"]),
        parcel.delete,
        lambda: PropertyOperational.objects.filter(pk=parcel.pk).delete(),
        lambda: PropertyValueHistory.objects.create(
            county=county, property=parcel, tax_year=2022, effective_date="2022-02-01", total_value=1, certified=True
        ),
        lambda: PropertyValueHistory.objects.filter(certified=True).update(certified=False),
        lambda: PropertyValuation.objects.filter(state=State.CERTIFIED).update(override_value=100),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            write()
    PropertyOperational.objects.filter(pk=parcel.pk).update(living_area_sqft=5_000)  # what is not a value is free
    file = tmp_path / "roll.csv"
    file.write_text("parcel_number,total_value,tax_year,as_of\n0001,100,2022,2022-06-30\n")
    load(county.pk, "parcels", file)
    assert current(parcel) == 301_000
    assert [row["total_value"] for row in in_effect(county.pk, None)] == [301_000]
    file.write_text("parcel_number,total_value\n0001,100\n")
    load(county.pk, "parcels", file)
    assert current(parcel) == 301_000
    file.write_text("parcel_number,total_value,tax_year\n0001,320000,2023\n")  # the roll of the next year
    load(county.pk, "parcels", file)
    assert current(parcel) == 320_000
