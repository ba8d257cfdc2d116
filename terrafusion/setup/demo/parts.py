"""What the demonstration asks the platform for, and what it reports of each: a dict for the last line's JSON."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from terrafusion.setup.demo.client import Client
from terrafusion.setup.demo.jobs import Job, say, submit
from terrafusion.setup.errors import SetupError
from terrafusion.words import counted

API = "/api/v1"
EXPORT_FORMAT = "GeoPackage"
METHOD = "sales_comparison"  # the quickest that rests on sales alone, and every line of its sheets can be followed
REASON = "The demonstration county, valued to show how it is done."
ANALYSIS = "price_index"


@dataclass(frozen=True)
class DemoPlan:
    """What a county's records allow. ``layer`` is exported with the parcels. ``neighborhood`` is valued for
    ``valuation_date``, before the last sales: the ratio study is of sales that the values have not seen. Both
    are empty where the county has no sales."""

    county: str
    layer: str
    neighborhood: str = ""
    valuation_date: str = ""

    @property
    def has_sales(self) -> bool:
        return bool(self.neighborhood)


def start_export(client: Client, plan: DemoPlan) -> Job:
    layers = ["parcels", plan.layer]
    body = {"export_format": EXPORT_FORMAT, "county_id": plan.county, "layers": layers, "parameters": {}}
    return submit(client, f"export of {' and '.join(layers)}", f"{API}/gis-export/run", body)


def end_export(job: Job) -> dict[str, Any]:
    result = job.end()
    seconds = round(time.monotonic() - job.began, 2)
    path, sha256 = job.download()
    return {
        "job_id": job.id,
        "status": job.state["status"],
        "format": job.state["export_format"],
        "layers": job.asked["layers"],
        "records": result["result_record_count"],
        "file": str(path),
        "bytes": path.stat().st_size,
        "sha256": sha256,
        "seconds": seconds,
    }


def start_valuation(client: Client, plan: DemoPlan) -> Job:
    """The run whose values are certified already, where the demonstration has run before; else a new one."""
    asked = {"county_id": plan.county, "valuation_method": METHOD}
    scope = {"neighborhoods": [plan.neighborhood]}
    for run in client.pages(f"{API}/valuation/jobs?{urlencode({**asked, 'status': 'COMPLETED'})}"):
        same = run["valuation_date"] == plan.valuation_date and run["parameters"].get("scope") == scope
        if same and _is_certified(client, run["job_id"]):
            say(f"valuation: {run['job_id']} was certified by an earlier run")
            return Job(client, "valuation", asked, run)
    body = {**asked, "valuation_date": plan.valuation_date, "scope": scope}
    return submit(client, f"valuation of neighborhood {plan.neighborhood}", f"{API}/valuation/run", body)


def _is_certified(client: Client, run: str) -> bool:
    """A run that was decided about has its values still; a certification may have been revoked since."""
    steps = {decision["step"] for decision in client.pages(f"{API}/valuation/jobs/{run}/decisions")}
    return "certify" in steps and bool(_certified(client, run))


def _certified(client: Client, run: str) -> list[dict[str, Any]]:
    """Some of the values that stand."""
    page = client.call("GET", f"{API}/valuation/jobs/{run}/values?state=certified&flagged=false&page_size=1")
    return list(page["results"])


def end_valuation(client: Client, plan: DemoPlan, job: Job) -> dict[str, Any]:
    """Wait for the values, then review and certify them, each after a preview that says what it would do."""
    result = job.end()
    if not _is_certified(client, job.id):
        for step in ("review", "certify"):
            _decide(client, job.id, step)
    decisions = client.pages(f"{API}/valuation/jobs/{job.id}/decisions")
    certified = next(decision for decision in decisions if decision["step"] == "certify")
    return {
        "job_id": job.id,
        "method": METHOD,
        "neighborhood": plan.neighborhood,
        "valuation_date": plan.valuation_date,
        "valued": result["parcels_valued"],
        "certified": certified["parcels"],
        "effective_date": certified["effective_date"],
        "parcel": _certified(client, job.id)[0]["parcel_number"],
        "page": f"{API}/valuation/jobs/{job.id}/values?state=certified",
    }


def _decide(client: Client, run: str, step: str) -> None:
    decisions = f"{API}/valuation/jobs/{run}/decisions"
    asked = {"step": step, "selection": "all", "reason": REASON}
    preview = client.call("POST", f"{decisions}/preview", asked)
    skipped = "".join(f", {one['count']:,} skipped ({one['text']})" for one in preview["skipped"])
    say(f"{step}, previewed: {counted(preview['count'], 'value')}, ${preview['total_after']:,} in total{skipped}")
    done = client.call("POST", decisions, {**asked, "count": preview["count"], "token": preview["token"]})
    if done["parcels"] != preview["count"]:
        raise SetupError(
            f"The decision {step} was about {counted(done['parcels'], 'value')}, its preview {preview['count']}."
        )


def start_study(client: Client, plan: DemoPlan) -> Job:
    return _report(client, plan, "ratio_study", {"values": "certified"})


def end_study(job: Job) -> dict[str, Any]:
    summary = job.end()["result_summary"]
    figures = {"sales": summary["sales"], "median_ratio": round(summary["median_ratio"], 3)}
    return {"job_id": job.id, **figures, "file": str(job.download()[0]), "page": job.page}


def start_card(client: Client, plan: DemoPlan, valuation: dict[str, Any] | None) -> Job:
    """Of a parcel that was certified, with its valuation; of the county's first where none was."""
    if valuation is not None:
        named = {"parcels": [valuation["parcel"]], "valuation_job": valuation["job_id"]}
    else:
        parcels = client.call("GET", f"{API}/properties?county_id={plan.county}&page_size=1")["features"]
        named = {"parcels": [parcels[0]["properties"]["parcel_number"]]}
    return _report(client, plan, "property_record_card", named)


def end_card(job: Job) -> dict[str, Any]:
    job.end()
    (parcel,) = job.asked["parameters"]["parcels"]
    return {"job_id": job.id, "parcel": parcel, "file": str(job.download()[0]), "page": job.page}


def _report(client: Client, plan: DemoPlan, kind: str, parameters: dict[str, Any]) -> Job:
    body = {"report_type": kind, "county_id": plan.county, "format": "pdf", "parameters": parameters}
    return submit(client, kind.replace("_", " "), f"{API}/reporting/run", body)


def start_analysis(client: Client, plan: DemoPlan) -> Job:
    body = {"analysis_type": ANALYSIS, "county_id": plan.county}
    return submit(client, "market analysis", f"{API}/market-analysis/run", body)


def end_analysis(job: Job) -> dict[str, Any]:
    job.end()
    files = {"file": str(job.download()[0]), "chart": str(job.save(f"{ANALYSIS}_chart.svg"))}
    return {"job_id": job.id, "analysis": ANALYSIS, "message": job.state["message"], **files, "page": job.page}
