"""What a web process holds: it checks requests, and leaves statistics and tables to the workers."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.conftest import ROOT

HEAVY = ("lightgbm", "pandas", "pyarrow", "pyogrio", "scipy", "sklearn")
_LOOK = f"""
import sys
import django
django.setup()
from drf_spectacular.generators import SchemaGenerator
SchemaGenerator().get_schema(request=None, public=True)  # imports the addresses and makes every serializer
from gis_export.estimates.line import Line, fit
fit([(10, 5.0), (1000, 9.0)], Line(1, 1))  # as each submission of an export does
print(*sorted({set(HEAVY)} & set(sys.modules)))
"""


def test_no_statistics_in_a_web_process() -> None:
    """pandas, scipy and pyarrow alone are more than all the rest of the process."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "terrafusion.settings", "SECRET_KEY": "x" * 50}
    looked = subprocess.run(
        [sys.executable, "-c", _LOOK], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert looked.returncode == 0, looked.stderr
    assert looked.stdout.split() == []
