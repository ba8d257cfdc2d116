"""Why a request is refused: messages by the dotted path of the member that is at fault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rest_framework.exceptions import ErrorDetail
from rest_framework.settings import api_settings

Messages = str | Iterable[str]
"""One message or several. A message that is an ``ErrorDetail`` keeps its code."""


class InvalidRequest(ValueError):
    """A request, or a value in it, that cannot be used.

    ``faults`` are by path, relative to what was checked; the empty path stands for that itself, as one text does.
    ``code`` is the stable code of one text.
    """

    def __init__(self, faults: str | Mapping[str, Messages], code: str = "invalid") -> None:
        self.faults = Faults()
        self.faults.merge({"": ErrorDetail(faults, code)} if isinstance(faults, str) else faults)
        super().__init__(self.faults.text)


class Faults(dict[str, list[str]]):
    """All that is wrong with a request, collected while its members are checked one by one."""

    @property
    def text(self) -> str:
        """All messages, as sentences of one text."""
        return " ".join(message for messages in self.values() for message in messages)

    def add(self, path: str, *messages: str) -> None:
        self.setdefault(path, []).extend(messages)

    def merge(self, messages_by_name: Mapping[str, Messages], path: str = "") -> None:
        """Add faults whose paths are relative to ``path``."""
        for inner, messages in messages_by_name.items():
            self.add(joined(path, inner), *([messages] if isinstance(messages, str) else messages))

    @contextmanager
    def at(self, path: str) -> Iterator[None]:
        """Collect the faults of an ``InvalidRequest`` that is raised inside, and go on after the block."""
        try:
            yield
        except InvalidRequest as invalid:
            self.merge(invalid.faults, path)

    @classmethod
    def of(cls, detail: Any, path: str = "") -> Faults:
        """The faults of a ``ValidationError``'s detail, whose objects and lists are within each other."""
        faults = cls()
        if isinstance(detail, dict):
            for name, inner in detail.items():
                faults.merge(cls.of(inner, path if name == api_settings.NON_FIELD_ERRORS_KEY else joined(path, name)))
        else:
            faults.add(path, *detail)
        return faults

    def raise_any(self) -> None:
        """Raise ``InvalidRequest`` if there is any fault."""
        if self:
            raise InvalidRequest(self)


def joined(path: str, member: object) -> str:
    """The path of a member of what ``path`` leads to; either may be empty."""
    return ".".join(filter(None, (path, str(member))))
