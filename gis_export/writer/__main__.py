"""The writer process: ``python -m gis_export.writer``."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder

_UNUSED = {"pandas", "geopandas"}


class _Unused(MetaPathFinder):
    """pyarrow and pyogrio load these where they are installed: 50 MB and half a second, and nothing here uses them."""

    def find_spec(self, fullname: str, *_: object) -> None:
        if fullname in _UNUSED:
            raise ModuleNotFoundError(f"The writer does without {fullname}.", name=fullname)


sys.meta_path.insert(0, _Unused())

from gis_export.writer.serve import main  # noqa: E402 - it imports them

main()
