"""The modules of product code, parsed."""

from __future__ import annotations

import ast
import subprocess
from functools import cache

from tests.conftest import ROOT

PACKAGES = ("terrafusion", "gis_export", "market_analysis", "valuation", "reporting")


@cache
def sources() -> dict[str, ast.Module]:
    """Each by its path."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *PACKAGES]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return {
        name: ast.parse((ROOT / name).read_text(encoding="utf-8"))
        for name in names
        if name.endswith(".py") and (ROOT / name).exists()
    }
