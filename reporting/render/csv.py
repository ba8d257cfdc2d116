"""Documents as CSV, a file a table. No cell is run as a formula."""

from __future__ import annotations

from itertools import islice

from reporting.document import blocks as b
from reporting.render.files import RenderContext, Rendered
from reporting.render.tables import DocumentTables
from terrafusion.tables import Kind
from terrafusion.tables.column import typed
from terrafusion.tables.csv import CSV

_BATCH = 2_000


def render(document: b.Document, context: RenderContext) -> Rendered:
    files: dict[tuple[str, tuple[b.Column, ...]], CSV] = {}
    paths = []
    try:
        for lines in DocumentTables(document).read():
            key = (lines.name, lines.columns)
            if key not in files:
                others = sum(name == lines.name for name, _ in files)
                paths.append(context.folder / f"{lines.name}{f'_{others + 1}' if others else ''}.csv")
                files[key] = CSV(paths[-1], lines.columns, lines.title)
            rows = typed(lines.columns, lines.rows)
            while batch := list(islice(rows, _BATCH)):
                files[key].write(batch)
                context.progress(len(batch) * len(lines.columns))
        if not files:  # there was nothing to list, which is an answer too
            note = b.Column("note", Kind.TEXT, "Note")
            paths.append(context.folder / f"{document.name}.csv")
            files[document.name, (note,)] = CSV(paths[-1], (note,), document.title)
            files[document.name, (note,)].write([(f"{document.title}: there is nothing to list.",)])
    finally:
        for file in files.values():
            file.close()
    return Rendered(tuple(paths))
