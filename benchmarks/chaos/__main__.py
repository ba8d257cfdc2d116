"""``make chaos`` (TRIES=3 of each fault; ONLY=words picks those whose names have them)."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

from benchmarks import platform
from benchmarks.chaos import crowd, ledger, outages, processes, sites
from benchmarks.chaos.fault import Fault
from terrafusion import env
from terrafusion.setup.errors import SetupError


def run() -> None:
    only = os.environ.get("ONLY", "")
    chosen = [fault for fault in (*processes.faults(), *outages.faults()) if only in fault.name]
    if not chosen:
        raise SetupError(f"No fault has {only!r} in its name.")
    chosen.sort(key=lambda fault: fault.kind)
    rows: list[dict[str, Any]] = []
    with sites.prepared():
        for kind, faults in itertools.groupby(chosen, key=lambda fault: fault.kind):
            for row in _on_site(kind, list(faults)):
                rows.append(row)
                platform.save("chaos", rows)
    bad = [row for row in rows if any(row.get(name) for name in ("lost", "duplicated", "corrupt", "stuck"))]
    for row in bad:
        print(row["fault"], *row["findings"], sep="\n  ")
    if bad:
        raise SystemExit(1)


def _on_site(kind: str, faults: list[Fault]) -> Iterator[dict[str, Any]]:
    ledger.begin()
    try:
        with sites.running(kind) as site:
            references = crowd.references(site)
            for fault in faults:
                row = _row(fault, site, references)
                print({name: value for name, value in row.items() if name != "findings"}, flush=True)
                yield row
    except SetupError as error:
        for fault in faults:
            print(f"{fault.name}: not tried: {error}")
            yield {"fault": fault.name, "tries": 0, "not_tried": str(error)}


def _row(fault: Fault, site: sites.Site, references: dict[int, str]) -> dict[str, Any]:
    tries = fault.tries or env.integer("TRIES", 3)
    tallies = []
    for _ in range(tries):
        jobs = crowd.Crowd(site)
        fault.strike(site, jobs)
        tallies.append(jobs.count(fault.may_fail, references))
        site.wait_until_whole()
    total: dict[str, Any] = {"fault": fault.name, "tries": tries}
    for name in ("jobs", "retried", "lost", "duplicated", "corrupt", "stuck"):
        total[name] = sum(getattr(tally, name) for tally in tallies)
    total["failed"] = dict(sum((tally.failed for tally in tallies), Counter()))
    total["recovered_s"] = max(tally.recovered_s for tally in tallies)
    total["findings"] = [finding for tally in tallies for finding in tally.findings]
    return total


if __name__ == "__main__":
    platform.main(run)
