"""A run that studies values that there are, against sales."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.db import connection, transaction

from terrafusion.jobs.context import JobContext, Outcome
from terrafusion.jobs.package import pack
from terrafusion.words import counted
from valuation import scope as scopes
from valuation import studies
from valuation.models import EvaluationSale, ValuationJob
from valuation.plain_values import plain
from valuation.ratio import PropertyKind
from valuation.ratio.verdict import factor, verdict
from valuation.run import evaluation, files, store
from valuation.run.claim import require_claim
from valuation.run.errors import NothingToStudy
from valuation.study_groups import CountyStudy, of_frame


def wanted(job: ValuationJob) -> studies.Wanted:
    """What a job asks ``studies`` for."""
    asked: dict[str, Any] = job.resolved
    return studies.Wanted(
        county_id=job.county_id,
        valuation_date=job.valuation_date,
        values=asked["values"],
        sales_from=_day(asked["sales_from"]),
        sales_to=_day(asked["sales_to"]),
        kind=PropertyKind(asked["property_kind"]) if asked["property_kind"] else None,
        screening=asked.get("screening") or {},
        scope=scopes.of_job(job),
    )


def run(job: ValuationJob, context: JobContext) -> Outcome:
    context.checkpoint(5, "Reading values and sales.")
    connection.ensure_connection()
    with context.stop_with(connection.connection.cancel_safe):
        studied = studies.study_input(wanted(job))
    if not len(studied.sales):
        raise NothingToStudy(_nothing(studied.screening))
    context.checkpoint(50, f"{counted(len(studied.sales), 'sale')} to study.")
    study = of_frame(studied.sales, wanted(job).classes())
    words = verdict(study.overall, study.by_class)
    context.checkpoint(90, "Writing.")
    summary = plain(
        {
            "evaluation": {
                "sales": len(studied.sales),
                "from": studied.sales["sale_date"].min().date(),
                "to": studied.sales["sale_date"].max().date(),
                **evaluation.figures(study),
            },
            "balance": studied.balance,
            "screening": studied.screening,
            "values": job.resolved["values"],
            "verdict": words,
            "factor": factor(study.overall),
            "notes": studied.notes,
        }
    )
    path = context.workdir / "ratio_study.json"
    path.write_text(json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False), encoding="utf-8")
    members = [path, files.write_sales(context.workdir, studied.sales)]
    name = f"valuation_output/{job.county_id}/{job.job_id}.zip"
    file = pack(members, context.workdir / "study.zip", name, checkpoint=context.checkpoint)
    with transaction.atomic():
        store.clear(job, EvaluationSale)  # what a lost attempt may have left
        evaluation.store(job, studied.sales)
        require_claim(job)
    return Outcome(
        message=_message(study, studied),
        file=file,
        summary=summary,
        columns={"median_ratio": evaluation.figure(study, "median"), "cod": evaluation.figure(study, "cod")},
    )


def _message(study: CountyStudy, studied: studies.StudyInput) -> str:
    overall = study.overall
    if overall.withheld:
        return " ".join([overall.withheld, *studied.notes])
    median, cod = overall.measures["median"].value, overall.measures["cod"].value
    sentence = f"{counted(overall.sales, 'sale')}: median {median:.3f}, COD {cod:.1f}."
    return " ".join([sentence, verdict(overall, study.by_class).summary, *overall.warnings, *studied.notes])


def _nothing(screening: dict[str, Any]) -> str:
    excluded = ", ".join(f"{one['sales']:,} {one['reason']}" for one in screening["excluded"]) or "none"
    inside = f"{screening['in_scope']:,} of these are in the scope, " if "in_scope" in screening else ""
    return (
        f"There is no sale to study: {screening['sales']:,} were read, {screening['kept']:,} passed the screening "
        f"(excluded: {excluded}), {screening['in_span']:,} of them are from {screening['studied_from']} on, {inside}"
        f"{screening['without_a_value']:,} are of parcels without such a value."
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
