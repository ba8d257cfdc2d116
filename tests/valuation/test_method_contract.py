"""What every registered valuation method promises: a new one is tested by being registered."""

from __future__ import annotations

import io

import pytest
from django.apps import apps
from django.core.management import call_command
from django.urls import reverse
from django.utils.module_loading import import_string
from rest_framework.test import APIClient

from reporting.document.labels import known
from terrafusion.jobs.states import Status
from terrafusion.records.models import County, PropertyOperational
from tests.valuation import data
from tests.valuation.test_valuing import finished
from valuation import flags, methods
from valuation.methods import Method
from valuation.models import SCHEDULES, EvaluationSale, PropertyValuation, ValuationJob

pytestmark = pytest.mark.parametrize("method", methods.all_methods(), ids=methods.names())


def test_a_declaration_names_only_what_exists(method: Method) -> None:
    assert len(method.name) <= (ValuationJob._meta.get_field("valuation_method").max_length or 0)
    assert method.label.startswith(f"{method.title}: ")
    assert known(method.name) == method.title
    parameters = [parameter.name for parameter in method.parameters]
    assert len(set(parameters)) == len(parameters)
    assert all(parameter.help.endswith(".") for parameter in method.parameters)
    assert callable(import_string(method.execute))
    assert bool(method.approach) == (method.gives_values and not method.reconciles)
    assert not method.approach or callable(import_string(method.approach))
    assert set(method.beside) <= {other.name for other in methods.all_methods() if other.approach}
    assert {kind for kinds in method.needs for kind in kinds} <= set(method.tables) <= set(SCHEDULES)
    assert all(apps.get_model(source) for source in method.sources)
    assert len(set(method.lines)) == len(method.lines)
    assert not set(method.flags) & {*flags.MEANINGS, *flags.OWN}


def test_a_run_without_what_the_method_needs_is_refused(
    db: None, api: APIClient, county: County, method: Method
) -> None:
    data.homes(county, 3)
    body = {"valuation_method": method.name, "county_id": county.pk, "valuation_date": str(data.VALUATION_DATE)}
    response = api.post(reverse("valuation:run"), body, format="json")
    assert response.status_code == 400
    errors = response.json()["errors"]
    assert {error["field"].split(".")[0] for error in errors} == {"parameters" if method.settle else "valuation_method"}
    assert all(error["detail"].endswith(".") for error in errors)
    assert not ValuationJob.objects.exists()


def test_a_run_explains_each_of_its_values(
    transactional_db: None, api: APIClient, county: County, method: Method
) -> None:
    parcels = data.homes(county, 120)
    PropertyOperational.objects.filter(pk__in=[one.pk for one in parcels[::2]]).update(use_code="townhouse")  # are let
    data.sales(county, parcels, 240)
    call_command("load_example_schedules", county.pk, stdout=io.StringIO())
    given = {} if method.gives_values else {"sales_from": str(data.FIRST_DAY)}
    job = finished(api, county, method.name, **given)
    assert job.status == Status.COMPLETED, job.message
    assert job.message.endswith(".")
    rows = PropertyValuation.objects.filter(job=job)
    if not method.gives_values:
        assert not rows.exists()
        assert EvaluationSale.objects.filter(job=job).exists()
        return
    assert rows.count() == job.estimated_parcels == len(parcels)
    assert (job.parcels_valued or 0) + (job.parcels_refused or 0) == len(parcels)
    assert job.parcels_valued
    meanings = {*flags.MEANINGS.values(), *flags.OWN.values(), *method.flags.values()}
    for row in rows:
        assert {flags.meaning(code) for code in row.flags} <= meanings
        if row.value is None:
            assert row.flags
            continue
        assert row.value_low is None or row.value_low <= row.value <= (row.value_high or 0)
        valued = [one for one in row.approaches if "value" in one]
        assert abs(sum(one["weight"] for one in valued) - 1) < 0.001
        assert {one["approach"] for one in row.approaches} <= {other.name for other in method.approaches()}
        if not method.reconciles:
            (own,) = (one for one in valued if one["approach"] == method.name)
            assert (own["value"], own["weight"]) == (row.value, 1.0)
        for one in valued:
            assert set(one.get("lines", ())) <= set(methods.get(one["approach"]).lines)
        if row.reasons and method.explains:
            assert sum(row.reasons.values()) == row.value
    sheet = api.get(reverse("valuation:sheet", args=[job.pk, rows[0].parcel_number])).json()
    for one in sheet["approaches"]:
        order = [name for name in methods.get(one["approach"]).lines if name in one.get("lines", {})]
        assert list(one.get("lines", {})) == order
