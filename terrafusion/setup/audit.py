"""Known vulnerabilities of the packages in the files with hashes: ``make audit``.

0: none is known. 1: some are, and are listed. 2: not all packages could be looked up, so nothing is proved; pip-audit
by itself ends well then, too. Arguments are pip-audit's, such as ``--vulnerability-service osv``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-alone.lock")
PROJECT = Path(__file__).resolve().parent.parent.parent


def verdict(dependencies: Sequence[dict[str, Any]]) -> tuple[int, list[str]]:
    """The exit code, and what to print, for the packages that pip-audit reports."""
    known = {
        f"{package['name']} {package['version']}: {each['id']}, fixed in {', '.join(each['fix_versions']) or 'none'}"
        for package in dependencies
        for each in package.get("vulns", ())
    }
    unknown = sorted({package["name"] for package in dependencies if "skip_reason" in package})
    lines = sorted(known)
    if unknown:
        lines.append(f"NOT AUDITED: the vulnerability service gave no answer for {len(unknown)} of these packages.")
    if not dependencies:
        lines.append("NOT AUDITED: pip-audit looked at no package.")
    if known:
        return 1, lines
    return (2, lines) if unknown or not dependencies else (0, [f"None of {len(dependencies)} is known as vulnerable."])


def main() -> int:
    files = [argument for lock in LOCKS for argument in ("--requirement", str(PROJECT / lock))]
    command = ["-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json"]
    done = subprocess.run(
        [sys.executable, *command, *files, *sys.argv[1:]], stdout=subprocess.PIPE, text=True, check=False
    )
    try:
        dependencies = json.loads(done.stdout)["dependencies"]
    except ValueError:
        print("NOT AUDITED: pip-audit failed; its message is above.", file=sys.stderr)
        return 2
    code, lines = verdict(dependencies)
    print("\n".join(lines), file=sys.stderr if code else sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main())
