"""``make demo``: a real county through the real platform, as a client of it would see it.

Loads the county, starts everything that ``make serve`` starts, and asks for an export, values of a neighborhood, a
market analysis and reports over HTTP; reviews and certifies the values; downloads the files and compares their SHA-256.
The last line printed is one JSON object that says what came out; the exit code is 0 only if all of it went well.
Nothing keeps running.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from terrafusion.setup.demo import parts
from terrafusion.setup.demo.client import Client
from terrafusion.setup.demo.jobs import FOLDER, say
from terrafusion.setup.demo.site import platform
from terrafusion.setup.errors import SetupError
from terrafusion.setup.postgres import PROJECT
from terrafusion.setup.serve import manage, prepare

LOG = FOLDER / "serve.log"
PASSWORD = FOLDER / "password"
USER = "demo"
PLANS = {
    "king": parts.DemoPlan("KING", "neighborhoods", neighborhood="17", valuation_date="2016-01-01"),
    "cambridge": parts.DemoPlan("CAMBRIDGE", "zoning"),
}
FROM_SALES = ("valuation", "ratio_study", "market_analysis")
"""The parts of the report that a county without sales cannot have: they are null."""


def run(county_name: str) -> dict[str, Any]:
    if county_name not in PLANS:
        raise SetupError(f"Unknown DEMO={county_name}. Available: {', '.join(PLANS)}.")
    plan = PLANS[county_name]
    FOLDER.mkdir(parents=True, exist_ok=True)
    # Its own, so that a `make serve` beside it keeps its counts.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(FOLDER / "metrics")
    say("preparing the database")
    prepare()
    with platform(LOG) as site:  # it starts while the county is loaded
        say(f"loading {plan.county}")
        manage("load_demo_county", "--county", county_name)
        manage("load_example_schedules", plan.county)
        PASSWORD.unlink(missing_ok=True)  # of the run before
        # Whoever certifies values is the assessor.
        manage("add_user", USER, "--county", plan.county, "--role", "assessor", "--password-file", str(PASSWORD))
        site.wait_until_ready()
        say(f"web, workers and sweep run at {site.client.site}; their log is {LOG.relative_to(PROJECT)}")
        site.client.log_in(USER, PASSWORD.read_text().strip())
        return ask(site.client, plan)


def ask(client: Client, plan: parts.DemoPlan) -> dict[str, Any]:
    """Everything that the county's records allow, side by side where nothing has to wait for another."""
    if not plan.has_sales:
        say(f"{plan.county} has no sales: left out are {', '.join(FROM_SALES)}")
        export, card = parts.start_export(client, plan), parts.start_card(client, plan, None)
        return {**parts.end_export(export), **dict.fromkeys(FROM_SALES), "card": parts.end_card(card)}
    run = parts.start_valuation(client, plan)  # the longest of them
    export, analysis = parts.start_export(client, plan), parts.start_analysis(client, plan)
    report = {**parts.end_export(export), "market_analysis": parts.end_analysis(analysis)}
    valuation = parts.end_valuation(client, plan, run)
    study, card = parts.start_study(client, plan), parts.start_card(client, plan, valuation)
    return {
        **report,
        "valuation": valuation,
        "ratio_study": parts.end_study(study),
        "card": parts.end_card(card),
    }


def show(report: dict[str, Any]) -> None:
    """Where everything is, for people."""
    titles = {
        "valuation": "certified values",
        "ratio_study": "ratio study",
        "card": "property record card",
        "market_analysis": "price index",
    }
    say("what it leaves, in the database and as files:")
    say(f"  export: {report['file']}")
    site = f"http://127.0.0.1:{os.environ.get('PORT') or 8000}"
    for part, title in titles.items():
        if made := report[part]:
            say(f"  {title}: {site}{made['page']}")
            for kind in ("file", "chart"):
                if kind in made:
                    say(f"    {made[kind]}")
    say(f"the pages are there while `make serve` runs: sign in as {USER}, the password is in {PASSWORD}")


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    try:
        report = run(os.environ.get("DEMO") or "king")
    except (SetupError, OSError) as error:
        print(f"demo failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: stopped", file=sys.stderr)
        return 130
    show(report)
    print(json.dumps(report), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
