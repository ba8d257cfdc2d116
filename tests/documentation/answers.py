"""Whether an answer has the shape that a page shows."""

from __future__ import annotations

import json
import re
from typing import Any


def expected(text: str) -> tuple[Any, bool]:
    """The JSON of a page, and whether it is the whole answer. ``...`` stands for what is left out."""
    bare = text.replace("[...]", "[]")
    whole = re.sub(r'(?<!")\.\.\.,?(?!")', "", bare) == bare
    shortened = re.sub(r",\s*\.\.\.(?=[,}\]])", "", bare)
    return json.loads(shortened), whole


def differences(shown: Any, answer: Any, *, whole: bool, at: str = "") -> list[str]:
    """Members that are missing, not shown, or of another type. Texts and numbers are of the county, and may differ."""
    if isinstance(shown, dict) and isinstance(answer, dict):
        missing = [f"{at}{name}: missing" for name in shown if name not in answer]
        missing += [f"{at}{name}: not on the page" for name in answer if whole and name not in shown]
        for name in shown.keys() & answer.keys():
            missing += differences(shown[name], answer[name], whole=whole, at=f"{at}{name}.")
        return missing
    if isinstance(shown, list) and isinstance(answer, list):
        return differences(shown[0], answer[0], whole=whole, at=f"{at}0.") if shown and answer else []
    same = isinstance(answer, int | float) if isinstance(shown, int | float) else type(shown) is type(answer)
    return [] if same else [f"{at} {shown!r} on the page, {answer!r} in the answer"]
