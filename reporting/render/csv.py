"""Documents as CSV: one file of one table, or a zip with a file a table. No cell is run as a formula."""

from __future__ import annotations

import shutil
import zipfile
from itertools import islice

from reporting.document import blocks as b
from reporting.render.files import Desk, Rendered
from reporting.render.tables import Tables
from terrafusion.tables.column import typed
from terrafusion.tables.csv import CSV

MEDIA_TYPE = "text/csv"
_BATCH = 2_000
_EPOCH = (1980, 1, 1, 0, 0, 0)  # of a zip's members: the same data gives the same bytes


def render(document: b.Document, desk: Desk) -> Rendered:
    files: dict[tuple[str, tuple[b.Column, ...]], CSV] = {}
    paths = []
    try:
        for lines in Tables(document).read():
            key = (lines.name, lines.columns)
            if key not in files:
                others = sum(name == lines.name for name, _ in files)
                paths.append(desk.folder / f"{lines.name}{f'_{others + 1}' if others else ''}.csv")
                files[key] = CSV(paths[-1], lines.columns, lines.title)
            rows = typed(lines.columns, lines.rows)
            while batch := list(islice(rows, _BATCH)):
                files[key].write(batch)
                desk.progress(len(batch) * len(lines.columns))
    finally:
        for file in files.values():
            file.close()
    if len(paths) == 1:
        return Rendered(paths[0], MEDIA_TYPE)
    package = desk.folder / "report.zip"
    with zipfile.ZipFile(package, "w") as out:
        for path in paths:
            member = zipfile.ZipInfo(path.name, _EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            with out.open(member, "w", force_zip64=True) as target, path.open("rb") as source:
                shutil.copyfileobj(source, target, 1 << 20)
            path.unlink()
    return Rendered(package, "application/zip")
