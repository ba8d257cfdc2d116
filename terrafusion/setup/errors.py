"""The one error of the set-up: its text is what the person reads, so it says what to do."""


class SetupError(Exception):
    """A step of the setup cannot be done; the message says why, and what to do."""
