"""Why the platform is not healthy. Pure."""

from __future__ import annotations


class CheckFailed(Exception):
    """A part of the platform does not answer as it should. The text is shown to whoever asks, so it has no address
    and no secret."""
