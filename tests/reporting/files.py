"""All the text of a report's file, as a program that did not write it reads it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl

from tests.reporting import pages, pdfs


def text_of(path: Path) -> str:
    match path.suffix:
        case ".pdf":
            return pdfs.text_of(path)
        case ".html":
            return "\n".join(pages.read(path.read_text(encoding="utf-8")).texts)
        case ".xlsx":
            book = openpyxl.load_workbook(path)
            cells = (cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
            return "\n".join([*book.sheetnames, *(str(cell) for cell in cells if cell is not None)])
        case ".json":
            return "\n".join(_texts(json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)))
        case ".csv":
            with path.open(encoding="utf-8", newline="") as file:
                head, *rows = csv.reader(file)
            assert all(len(row) == len(head) == len(set(head)) for row in rows), path
            return "\n".join(cell for row in (head, *rows) for cell in row)
    raise AssertionError(f"{path} is of no format of reports.")


def _texts(value: Any) -> Iterator[str]:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if parts is None:
        yield str(value)
    else:
        for part in parts:
            yield from _texts(part)


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON.")
