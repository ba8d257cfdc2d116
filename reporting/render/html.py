"""Documents as one HTML file that needs no other: pictures inside, no script. Written as it comes."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html import escape
from typing import TextIO

from reporting.document import blocks as b
from reporting.document.frame import framed
from reporting.document.texts import DATES, RIGHT, clean, moment, shown
from reporting.render import charts
from reporting.render.files import RenderContext, Rendered

_STYLE = """
:root { --accent: ACCENT; color-scheme: light; }
body { font: 14px/1.45 "Noto Sans", "Segoe UI", Roboto, Helvetica, Arial, sans-serif; color: #222; margin: 0 auto;
  max-width: 1080px; padding: 24px; }
header { border-bottom: 3px solid var(--accent); margin-bottom: 20px; overflow: hidden; }
header img { float: right; height: 80px; } header p { margin: 4px 0 10px; color: #555; }
h1, h2, h3 { color: var(--accent); line-height: 1.2; } h2 { margin-top: 1.6em; }
table { border-collapse: collapse; width: 100%; font-size: 12.5px; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: 10px 0 4px; }
th { background: #f3f3f3; border-bottom: 2px solid var(--accent); text-align: left; vertical-align: bottom; }
th, td { padding: 3px 7px; } td { border-bottom: 1px solid #ddd; vertical-align: top; }
thead th { position: sticky; top: 0; } .right { text-align: right; } tfoot td { font-weight: 700; }
.figures, .beside { display: flex; flex-wrap: wrap; gap: 10px; margin: 14px 0; }
.beside > * { flex: 1; min-width: 320px; }
.figures div { background: #f6f6f6; border: 1px solid #ddd; border-radius: 4px; padding: 8px 14px; min-width: 150px; }
.figures b { display: block; font-size: 20px; } .figures small, .note { color: #555; font-size: 12px; }
dl { display: grid; grid-template-columns: max-content 1fr max-content 1fr; gap: 3px 14px; margin: 8px 0; }
dt { color: #555; } dd { margin: 0; font-weight: 500; }
figure { margin: 14px 0; } figure svg { max-width: 100%; height: auto; }
.warning { background: #fdf3e1; border: 1px solid #d9a441; border-radius: 4px; padding: 8px 12px; } .frame { border: 1px
  solid #ccc; color: #555; padding: 60px 20px; text-align: center; } .met { color: #1b6e3c; } .unmet { color: #a32020; }
section { border-top: 3px solid var(--accent); margin-top: 40px; } address { font-style: normal; margin: 30px 0; }
footer { border-top: 1px solid #ddd; color: #555; font-size: 12px; margin-top: 30px; padding-top: 8px; }
.signatures { display: grid; grid-template-columns: 3fr 1fr; gap: 0 30px; margin: 30px 0; }
.signatures span { display: block; border-bottom: 1px solid #222; height: 44px; } td.date { white-space: nowrap; }
@media print { thead th { position: static; } section { break-before: page; border: 0; } body { max-width: none; } }
"""


def render(document: b.Document, context: RenderContext) -> Rendered:
    path = context.folder / "report.html"
    with path.open("w", encoding="utf-8", newline="\n") as out:
        write(document, out, context)
    return Rendered((path,))


def write(document: b.Document, out: TextIO, context: RenderContext) -> None:
    """The page, to an open text file."""
    brand = document.brand
    style = _STYLE.replace("ACCENT", escape(brand.color))
    out.write(
        f'<!doctype html>\n<html lang="{escape(document.language)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{_t(document.title)}</title>'
        f"<style>{style}</style></head><body>\n<header>"
    )
    if brand.seal is not None:
        out.write(f'<img src="{_data_uri(brand.seal)}" alt="Seal of {_t(brand.name)}">')
    place = " · ".join(text for text in (brand.name, brand.office, *brand.address) if text)
    subtitle = f"<p>{_t(document.subtitle)}</p>" if document.subtitle else ""
    out.write(f"<h1>{_t(document.title)}</h1>{subtitle}<p>{_t(place)}</p></header>\n<main>\n")
    for block in framed(document):
        for piece in _block(block, context):
            out.write(piece)
        out.write("\n")
    foot = " · ".join(
        text for text in (brand.footer, f"Data as of {moment(document.as_of)}", f"Job {document.job_id}") if text
    )
    out.write(f"</main>\n<footer>{_t(foot)}</footer></body></html>\n")


def _block(block: b.Block, context: RenderContext) -> Iterator[str]:
    match block:
        case b.Heading():
            level = min(block.level + 1, 6)
            yield f"<h{level}>{_t(block.text)}</h{level}>"
        case b.Text():
            kind = {b.Tone.NORMAL: "", b.Tone.NOTE: ' class="note"', b.Tone.WARNING: ' class="warning"'}[block.tone]
            yield f"<p{kind}>{_t(block.text)}</p>"
        case b.Address():
            yield "<address>" + "<br>".join(_t(line) for line in block.lines) + "</address>"
        case b.KeyFigures():
            yield '<div class="figures">'
            yield from (_figure(item) for item in block.items)
            yield "</div>"
        case b.Facts() if block.unseen:
            yield ""
        case b.Facts():
            yield _captioned(block.title) + "<dl>"
            yield from (f"<dt>{_t(item.label)}</dt><dd>{_value(item)}</dd>" for item in block.items)
            yield "</dl>"
        case b.Table():
            yield from _table(block, context)
        case b.Chart():
            yield _picture(block.title, charts.svg(block), block.alt, block.note)
        case b.Map():
            yield _picture(block.title, block.svg, block.alt, block.note)
        case b.Image():
            shown_image = f'<div class="frame">{_t(block.alt)}</div>'
            if block.data is not None:
                shown_image = f'<img src="{_data_uri(block.data)}" alt="{_t(block.alt)}" style="max-width:100%">'
            yield f"<figure>{shown_image}{_note(block.note)}</figure>"
        case b.Beside():
            yield '<div class="beside">'
            for inner in block.blocks:
                yield "<div>" + "".join(_block(inner, context)) + "</div>"
            yield "</div>"
        case b.Section():
            yield f"<section><h2>{_t(block.title)}</h2>"
            for inner_block in block.blocks:
                yield from _block(inner_block, context)
            yield "</section>"
            context.progress(1)
        case b.PageBreak():
            yield ""
        case b.Signatures():
            yield '<div class="signatures">'
            yield from (f"<p><span></span>{_t(role)}</p><p><span></span>Date</p>" for role in block.roles)
            yield "</div>"


_CLASSES = dict.fromkeys(RIGHT, ' class="right"') | dict.fromkeys(DATES, ' class="date"')


def _table(table: b.Table, context: RenderContext) -> Iterator[str]:
    classes = [_CLASSES.get(column.kind, "") for column in table.columns]
    yield "<table>" + (f"<caption>{_t(table.title)}</caption>" if table.title else "") + "<thead><tr>"
    heads = zip(table.columns, classes, strict=True)
    yield (
        "".join(f'<th scope="col"{kind}>{_t(column.title or column.name)}</th>' for column, kind in heads)
        + "</tr></thead><tbody>\n"
    )
    for number, row in enumerate(table.rows, 1):
        yield _row(table, classes, row)
        if not number % 1000:
            context.progress(1000 * len(classes))
    yield "</tbody>"
    if table.totals is not None:
        totals = [("" if value is None else value) for value in table.totals]
        yield "<tfoot>" + _row(table, classes, totals, blank="") + "</tfoot>"
    yield "</table>" + _note(table.note)


def _row(table: b.Table, classes: list[str], row: b.Row, blank: str | None = None) -> str:
    cells = []
    for value, column, kind in zip(row, table.columns, classes, strict=True):
        text = blank if value == "" and blank is not None else shown(value, column.kind, column.decimals)
        cells.append(f"<td{kind}>{_t(text)}</td>")
    return "<tr>" + "".join(cells) + "</tr>\n"


def _figure(item: b.Figure) -> str:
    verdict = {True: ' <small class="met">✓ in range</small>', False: ' <small class="unmet">✗ out of range</small>'}
    note = f"<small>{_t(item.note)}</small>" if item.note else ""
    return f"<div><small>{_t(item.label)}</small><b>{_value(item)}</b>{verdict.get(item.met, '')} {note}</div>"  # type: ignore[arg-type]


def _value(item: b.Figure) -> str:
    return _t(shown(None if item.value == "" else item.value, item.kind, item.decimals))


def _picture(title: str, svg: str, alt: str, note: str) -> str:
    drawing = svg[svg.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{_t(alt)}"', 1)
    return f"<figure>{_captioned(title)}{drawing}{_note(note)}</figure>"


def _captioned(title: str) -> str:
    return f"<p><strong>{_t(title)}</strong></p>" if title else ""


def _note(note: str) -> str:
    return f'<p class="note">{_t(note)}</p>' if note else ""


def _data_uri(image: bytes) -> str:
    kind = "png" if image.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(image).decode()}"


def _t(text: str) -> str:
    return escape(clean(text))
