"""Why an area of interest cannot be used. Pure."""

from __future__ import annotations


class AreaError(ValueError):
    """An area of interest cannot be used; each of ``messages`` says why, and where."""

    def __init__(self, *messages: str) -> None:
        super().__init__(" ".join(messages))
        self.messages = messages
