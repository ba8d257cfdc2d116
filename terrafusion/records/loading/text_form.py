"""What a mapping says of delimited text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TextForm:
    """``encoding`` and ``delimiter`` are empty where the file is to show it;
    ``guarded``: our own CSV, in which texts have an apostrophe in front where a spreadsheet would run them."""

    encoding: str = ""
    delimiter: str = ""
    guarded: bool = False
