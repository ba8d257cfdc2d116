"""``make fuzz``: each parser for SECONDS (60), ``ONLY`` those with that in their names; fails where any input raises.

What was found to be of interest stays in build/fuzz, where the next run begins; an input that raises lies there too.
"""

from __future__ import annotations

import os
import subprocess
import sys

import django

from terrafusion import env
from tests.fuzz.target import FOLDER


def main() -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from tests.fuzz.parsers import PARSERS

    only, seconds = env.text("ONLY", ""), env.integer("SECONDS", 60)
    picked = [name for name in PARSERS if only in name]
    if not picked:
        print(f"No parser has {only!r} in its name. There is {', '.join(PARSERS)}.")
        return 1
    failed = []
    for name in picked:
        print(f"--- {name}", flush=True)
        if subprocess.run([sys.executable, "-m", "tests.fuzz.target", name, str(seconds)], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"Failed: {', '.join(failed)}. The inputs are in {FOLDER}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
