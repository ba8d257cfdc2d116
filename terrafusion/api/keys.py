"""Unknown keys of requests. A misspelled key is refused and never ignored: to ignore it would widen what is asked for,
an export of one street to one of the whole county."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from rest_framework.exceptions import ErrorDetail

_MIN_SIMILARITY = 0.5
"""Of ``difflib.SequenceMatcher.ratio``: two names of two letters that share one are alike by 0.5."""
_MAX_SHOWN = 60
_MAX_HINTS = 20
"""Names for which a likely meaning is named, which costs a comparison with each known one; the answer shows no
more of them."""


def unknown(given: Iterable[object], known: Iterable[str], noun: str = "key") -> dict[str, ErrorDetail]:
    """Why each of the given names that is not a known one is refused, in alphabetical order; empty if all are known.

    The code is ``unknown_key``, or that of another noun, such as ``unknown_parameter``.
    """
    names = list(dict.fromkeys(known))
    strange = sorted({str(name) for name in given}.difference(names))
    messages = {name: _message(name, names, noun) for name in strange[:_MAX_HINTS]}
    return {name: ErrorDetail(messages.get(name, f"Unknown {noun}."), f"unknown_{noun}") for name in strange}


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like this one, whatever the case of its letters; None if none is like it."""
    names = {other.lower(): other for other in known}
    close = get_close_matches(name.lower(), names, n=1, cutoff=_MIN_SIMILARITY)
    return names[close[0]] if close else None


def _message(name: str, known: list[str], noun: str) -> str:
    shown = repr(name) if len(name) <= _MAX_SHOWN else f"{name[:_MAX_SHOWN]!r}..."
    if not known:
        return f"Unknown {noun} {shown}. None is available here: remove it."
    close = nearest(name[:_MAX_SHOWN], known)
    hint = f" Did you mean {close!r}?" if close else ""
    return f"Unknown {noun} {shown}.{hint} Available: {', '.join(known)}."
