"""Runs mutmut on each module of the core with the tests that are to notice, and evaluates what is left.

Fails where fewer than ``FLOOR`` of a module's mutants are noticed, or where ``equivalent.toml`` names one that is
noticed or no longer made. ``ONLY`` picks modules by a part of their paths. Writes build/bench/mutants.json, where the
figures of modules that were not picked stay.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from terrafusion import env
from tests.mutants.modules import MODULES, Module
from tests.mutants.read import Mutant, Unfinished, mutants

FLOOR = 0.9
ROOT = Path(__file__).resolve().parent.parent.parent
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
RESULTS = ROOT / "build" / "bench" / "mutants.json"
_SOURCES = ("gis_export", "market_analysis", "reporting", "terrafusion", "valuation")
_BESIDE = ("manage.py", "requirements.lock", "tests")
_ARGUMENTS = (
    *("-n", "0", "--reuse-db", "--hypothesis-profile=mutants"),
    *("-p", "no:cacheprovider", "-p", "no:unraisableexception"),  # it collects garbage ten times: most of a quick run
)


def main() -> int:
    reasons = equivalent()
    only = env.text("ONLY", "")
    rows: dict[str, dict[str, Any]] = {}
    for module in (each for each in MODULES if only in each.path):
        try:
            rows[module.path] = row_of(mutants(run(module), module.path), reasons.get(module.path, {}))
        except Unfinished as fault:
            print(f"{module.path}: {fault}", file=sys.stderr)
            return 1
        print(line(module.path, rows[module.path]), flush=True)
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text(json.dumps({"floor": FLOOR, "modules": {**figures(RESULTS), **rows}}, indent=2) + "\n")
    if not rows:
        print(f"No module has {only!r} in its path. There is {', '.join(each.path for each in MODULES)}.")
        return 1
    strange = reasons.keys() - {module.path for module in MODULES}
    for path in sorted(strange):
        print(f"{EQUIVALENT.name} names {path}, which is no module of the table.")
    failed = [path for path, row in rows.items() if row["share"] < FLOOR or row["stale"]]
    if failed:
        print(
            f"Below {FLOOR:.0%}, or with entries that are stale: {', '.join(failed)}. See {RESULTS.relative_to(ROOT)}."
        )
    return 1 if failed or strange else 0


def equivalent() -> dict[str, dict[str, str]]:
    """By module, the changes that no test is to notice, each with the reason."""
    reasons: dict[str, dict[str, str]] = {}
    for entry in tomllib.loads(EQUIVALENT.read_text()).get("equivalent", []):
        reasons.setdefault(entry["module"], {}).update(dict.fromkeys(entry["changes"], entry["reason"]))
    return reasons


def figures(path: Path) -> dict[str, dict[str, Any]]:
    """By module, what earlier runs found of those that are still in the table."""
    rows = json.loads(path.read_text())["modules"] if path.exists() else {}
    return {module.path: rows[module.path] for module in MODULES if module.path in rows}


def run(module: Module) -> Path:
    """mutmut from nothing, in a folder of links; the folder. The tests of all modules share one database."""
    folder = ROOT / "build" / "mutants" / module.path.removesuffix(".py").replace("/", "-")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in (*_SOURCES, *_BESIDE):
        (folder / name).symlink_to(ROOT / name)
    settings = {
        "source_paths": _SOURCES,
        "also_copy": _BESIDE,
        "only_mutate": [module.path],
        "pytest_add_cli_args": _ARGUMENTS,
        "pytest_add_cli_args_test_selection": module.tests,
        "process_isolation": "forkserver",  # else mutants would share a connection with the process that they come of
        "timeout_constant": 24.0,  # two minutes with the factor: on a busy machine, slow is no fault
        "timeout_multiplier": 5.0,
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    (folder / "pyproject.toml").write_text(
        "\n".join([(ROOT / "pyproject.toml").read_text(), "[tool.mutmut]", *lines, ""])
    )
    log = folder / "mutmut.log"
    with log.open("w") as output:
        done = subprocess.run(
            [Path(sys.executable).with_name("mutmut"), "run", "--max-children", "1"],
            cwd=folder,
            env={**os.environ, "TEST_DB_SUFFIX": "_mutants"},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise Unfinished(f"mutmut ended with {done.returncode}; its words are in {log.relative_to(ROOT)}.")
    return folder


def row_of(mutants: Iterable[Mutant], reasons: dict[str, str]) -> dict[str, Any]:
    """The figures of a module. Mutants of wording, and those that no test can notice, do not count."""
    counted = [mutant for mutant in mutants if not mutant.wording]
    survivors = [mutant.change for mutant in counted if mutant.survived]
    left = sorted(change for change in survivors if change not in reasons)
    killed = len(counted) - len(survivors)
    return {
        "killed": killed,
        "survived": len(left),
        "equivalent": len(survivors) - len(left),
        "share": round(killed / (killed + len(left)), 4) if counted else 1.0,
        "survivors": left,
        "stale": sorted(reasons.keys() - set(survivors)),
    }


def line(path: str, row: dict[str, Any]) -> str:
    figures = f"{row['killed']:4} killed {row['survived']:4} survived {row['equivalent']:4} equivalent"
    return "\n".join(
        [
            f"{path:45} {figures}  {row['share']:6.1%}",
            *(f"    survived  {change}" for change in row["survivors"]),
            *(f"    stale     {change}" for change in row["stale"]),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
