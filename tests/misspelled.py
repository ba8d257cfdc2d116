"""Keys with one letter wrong, and what their refusal must say."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

_HINT = re.compile(r"^Unknown (?:key|parameter) .* Did you mean '([^']*)'\? Available: ", re.DOTALL)


def misspellings(key: str, known: Collection[str] = ()) -> Iterator[str]:
    """The key without each of its letters, and with each of them changed; none of them a known key."""
    for place in range(len(key)):
        for letter in ("", "q" if key[place] != "q" else "z"):
            wrong = key[:place] + letter + key[place + 1 :]
            if wrong and wrong not in known:
                yield wrong


def names_the_nearest(fault: dict[str, Any]) -> bool:
    """Whether a fault of a problem is of an unknown key and names one that differs from it by one letter."""
    hint = _HINT.match(fault["detail"])
    return hint is not None and one_letter_apart((fault["field"] or "").rpartition(".")[2], hint[1])


def one_letter_apart(wrong: str, right: str) -> bool:
    places = range(max(len(wrong), len(right)))
    changed = len(wrong) == len(right) and sum(a != b for a, b in zip(wrong, right, strict=True)) == 1
    return changed or any(right[:place] + right[place + 1 :] == wrong for place in places)
