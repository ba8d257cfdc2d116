"""One parser under atheris: ``python -m tests.fuzz.target NAME SECONDS``. Ends with the first input that raises."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import atheris

FOLDER = Path(__file__).resolve().parent.parent.parent / "build" / "fuzz"


def main(name: str, seconds: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    with atheris.instrument_imports(include=["terrafusion", "gis_export", "json", "tomllib", "zipfile"]):
        django.setup()
        from tests.fuzz.parsers import PARSERS, SEEDS

    corpus = FOLDER / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[name]):
        (corpus / f"seed{number}").write_bytes(seed)
    options = [f"-max_total_time={seconds}", f"-artifact_prefix={FOLDER / name}-", "-timeout=20", "-rss_limit_mb=4096"]
    atheris.Setup([sys.argv[0], str(corpus), *options], PARSERS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
