"""What keeps a run from succeeding with the records that there are, said when it is submitted."""

from __future__ import annotations

from datetime import date

from terrafusion.records.county_time import today
from terrafusion.records.sales.counting import candidates, count
from terrafusion.records.sales.frame import SalesQuery, rules_of
from terrafusion.records.sales.rules import Rules
from valuation import methods
from valuation import scope as scopes
from valuation.methods import Method
from valuation.models import SCHEDULES, ValuationJob
from valuation.run.errors import NoSchedule, NothingToStudy, TooFewSales
from valuation.thresholds import MIN_SALES

Faults = dict[str, list[str]]


def faults(job: ValuationJob) -> Faults:
    """By the request's member; empty for a run that may succeed. Counts at most ``MIN_SALES`` sales."""
    method = methods.get(job.valuation_method)
    lacking = method.lacks(job, method)
    return {"valuation_method": lacking} if lacking else {}


def lacking_tables(county_id: str, method: Method, day: date) -> str:
    """Which tables a method lacks on a day; empty where it has what it needs."""
    absent = [kinds for kinds in method.needs if not any(_effective_on(kind, county_id, day) for kind in kinds)]
    if not absent:
        return ""
    named = " and ".join(" or ".join(map(_named, kinds)) for kinds in absent)
    return f"{method.short.capitalize()} needs {named}; {county_id} has none effective on {day}."


def _named(kind: str) -> str:
    return f"{SCHEDULES[kind]._meta.verbose_name_plural} ({kind})"


def _effective_on(kind: str, county_id: str, day: date) -> bool:
    return SCHEDULES[kind]._default_manager.filter(county=county_id, effective_from__lte=day).exists()


def lacks_tables(job: ValuationJob, method: Method) -> list[str]:
    lacking = lacking_tables(job.county_id, method, job.valuation_date)
    return [f"{lacking} {NoSchedule.remedy}"] if lacking else []


def lacks_sales(job: ValuationJob, method: Method) -> list[str]:
    if job.resolved.get("model"):  # which has learned already
        return []
    query = SalesQuery(job.county_id, end=job.valuation_date)
    available = count(candidates(query, _rules(job)), MIN_SALES)
    if available >= MIN_SALES:
        return []
    fault = f"At least {MIN_SALES} valid sales up to {job.valuation_date} are needed; {available} available."
    return [f"{fault} {TooFewSales.remedy}"]


def lacks_every_approach(job: ValuationJob, method: Method) -> list[str]:
    """What each weighed approach lacks; none where one of them can be used."""
    lacking: list[str] = []
    for weighed in methods.weighed():
        texts = weighed.lacks(job, weighed)
        if not texts:
            return []
        lacking += texts
    return ["No approach to value can be used.", *dict.fromkeys(lacking)]


def lacks_studied_sales(job: ValuationJob, method: Method) -> list[str]:
    start, end = job.resolved.get("sales_from"), job.resolved.get("sales_to")
    query = SalesQuery(
        job.county_id,
        start=date.fromisoformat(start) if start else job.valuation_date,
        end=date.fromisoformat(end) if end else today(job.county),
    )
    sales = candidates(query, _rules(job))
    if job.scope != scopes.ALL:
        sales = sales.filter(property__in=scopes.of_job(job).parcels())
    if sales.exists():
        return []
    inside = "" if job.scope == scopes.ALL else " in the scope"
    fault = f"No valid sale{inside} from {query.start} to {query.end} is there to study."
    return [f"{fault} {NothingToStudy.remedy}"]


def _rules(job: ValuationJob) -> Rules:
    return Rules.parse(job.resolved.get("screening") or {}, base=rules_of(job.county_id))
