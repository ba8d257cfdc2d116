"""Text that spreadsheets run as a formula when they open a CSV file (OWASP, CSV injection). Pure."""

from __future__ import annotations

import re

SIGNS = "=+-@\t\r"
_BLANK = "\x01-\x20\x7f-\xa0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
PATTERN = f"^'*(?:[{_BLANK}]*[=+@-]|[\t\r])"
"""Also behind blanks, visible or not, which spreadsheets take away as they read; and behind apostrophes, so that one in
front of any such text is known to be ours. Python's ``re`` and Arrow's RE2 read it alike."""
_FORMULA = re.compile(PATTERN)


def safe(text: str) -> str:
    """With an apostrophe in front, where a spreadsheet would run it."""
    return "'" + text if _FORMULA.match(text) else text


def bare(text: str) -> str:
    """What ``safe`` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
