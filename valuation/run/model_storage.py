"""The trained model of a run, as a row."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from django.db.models.functions import Now

from valuation import mass_appraisal
from valuation.assessment import Classes, classes_of
from valuation.methods.mass_appraisal import MASS_APPRAISAL
from valuation.models import ValuationJob, ValuationModel
from valuation.plain_values import plain
from valuation.run import evaluation
from valuation.run.balance import words
from valuation.run.prepared import PreparedRun
from valuation.run.records import RunSales

_IN_OTHER_COLUMNS = ("method", "as_of", "evaluation", "options")


def model(job: ValuationJob, ready: PreparedRun, market: RunSales, balance: dict[str, Any]) -> ValuationModel | None:
    """Keeps a model that was trained; returns it, or the stored one that was used, or None.

    ``balance`` compares the run's values of sold and unsold parcels.
    """
    if ready.trained is None:
        return ready.stored
    content = mass_appraisal.save(ready.trained)
    card = plain(mass_appraisal.model_card(ready.trained))
    return ValuationModel.objects.create(
        id=uuid.uuid5(job.pk, str(job.claim_token)),
        county_id=job.county_id,
        job=job,
        method=MASS_APPRAISAL.name,
        valuation_date=job.valuation_date,
        sales=card["trained_on"]["sales"],
        seed=job.resolved["seed"],
        features=card.pop("features", []),
        metrics=_metrics(ready.trained, classes_of(job.county_id)) | {"balance": plain(balance)},
        parameters=job.resolved,
        software=card.pop("versions", {}),
        card={name: value for name, value in card.items() if name not in _IN_OTHER_COLUMNS}
        | {"sold_and_unsold": words(balance)},
        data_version=market.data_version,
        data_as_of=Now(),
        artefact=content,
        artefact_sha256=hashlib.sha256(content).hexdigest(),
        artefact_bytes=len(content),
    )


def _metrics(trained: mass_appraisal.MassAppraisal, classes: Classes) -> dict[str, Any]:
    if trained.trial is None:
        return evaluation.withheld(trained.facts["not_evaluated"])
    return evaluation.evaluate(trained.trial.holdout_sales, trained.trial.error, classes)[1]
