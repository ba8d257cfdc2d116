"""Why records cannot be asked for or screened as requested. Pure."""

from __future__ import annotations


class RecordsError(ValueError):
    """The base of these errors."""


class FieldRefused(RecordsError):
    """A request names a field that is not there, or that the user may not see. The text is shown to users."""


class InvalidRules(RecordsError):
    """Rules of screening cannot be used; ``faults`` holds messages by rule."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = faults
