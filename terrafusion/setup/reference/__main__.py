"""``python -m terrafusion.setup.reference [--check]``: write the pages, or fail where one is missing or stale."""

from __future__ import annotations

import os
import sys

import django


def main(check: bool) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "terrafusion.settings")
    django.setup()
    from terrafusion.setup.reference import pages

    if not check:
        pages.write(pages.FOLDER)
        return 0
    faults = pages.faults(pages.FOLDER)
    print("\n".join([f"docs/reference/{fault}" for fault in faults] + ["Run `make reference`."] * bool(faults)))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
