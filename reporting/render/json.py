"""Documents as JSON: the same blocks, for programs. Written as it comes; no NaN."""

from __future__ import annotations

import base64
import datetime
import json
import math
from collections.abc import Iterator
from typing import Any

from reporting.document import blocks as b
from reporting.document.texts import clean
from reporting.render.files import RenderContext, Rendered


def render(document: b.Document, context: RenderContext) -> Rendered:
    path = context.folder / "report.json"
    brand = document.brand
    head = {
        "report": document.name,
        "title": document.title,
        "subtitle": document.subtitle,
        "county": brand.name,
        "as_of": document.as_of.isoformat(),
        "job_id": document.job_id,
        "parameters": dict(document.parameters),
        "notices": list(document.notices),
    }
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write(_dump(head)[:-1] + ', "blocks": [\n')
        for number, block in enumerate(document.blocks):
            out.write(",\n" if number else "")
            for piece in _block(block, context):
                out.write(piece)
        out.write("\n]}\n")
    return Rendered((path,))


def _block(block: b.Block, context: RenderContext) -> Iterator[str]:
    match block:
        case b.Table():
            yield from _table(block, context)
        case b.Section():
            yield _dump({"type": "section", "key": block.key, "title": block.title})[:-1] + ', "blocks": ['
            for number, inner in enumerate(block.blocks):
                yield ", " if number else ""
                yield from _block(inner, context)
            yield "]}"
            context.progress(1)
        case b.Beside():
            yield '{"type": "beside", "blocks": ['
            for number, side in enumerate(block.blocks):
                yield ", " if number else ""
                yield from _block(side, context)
            yield "]}"
        case b.Heading():
            yield _dump({"type": "heading", "text": block.text, "level": block.level})
        case b.Text():
            yield _dump({"type": "text", "text": block.text, "tone": block.tone.value})
        case b.Address():
            yield _dump({"type": "address", "lines": list(block.lines)})
        case b.KeyFigures():
            yield _dump({"type": "key_figures", "name": block.name, "items": [_figure(item) for item in block.items]})
        case b.Facts():
            items = [_figure(item) for item in block.items]
            yield _dump({"type": "facts", "name": block.name, "title": block.title, "items": items})
        case b.Chart():
            entry = {"type": "chart", "name": block.name, "title": block.title, "alt": block.alt, "note": block.note}
            yield _dump({**entry, "vega_lite": block.spec})
        case b.Map():
            entry = {"type": "map", "name": block.name, "title": block.title, "alt": block.alt, "note": block.note}
            yield _dump({**entry, "svg": block.svg})
        case b.Image():
            data = None if block.data is None else base64.b64encode(block.data).decode()
            yield _dump({"type": "image", "name": block.name, "alt": block.alt, "base64": data})
        case b.PageBreak():
            yield '{"type": "page_break"}'
        case b.Signatures():
            yield _dump({"type": "signatures", "roles": list(block.roles)})


def _table(table: b.Table, context: RenderContext) -> Iterator[str]:
    columns = [
        {"name": column.name, "title": column.title or column.name, "type": column.kind.value}
        for column in table.columns
    ]
    head = {"type": "table", "name": table.name, "title": table.title, "note": table.note, "columns": columns}
    yield _dump(head)[:-1] + ', "rows": ['
    for number, row in enumerate(table.rows):
        yield (",\n" if number else "\n") + _dump(list(row))
        if not number % 1000:
            context.progress(1000 * len(columns))
    totals = None if table.totals is None else list(table.totals)
    yield '], "totals": ' + _dump(totals) + "}"


def _figure(item: b.Figure) -> dict[str, Any]:
    return {"name": item.name, "label": item.label, "value": item.value, "note": item.note, "met": item.met}


def _dump(value: object) -> str:
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False)


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return clean(value) if isinstance(value, str) else value
