"""The one error of the set-up: its text is what the person reads, so it says what to do."""


class SetupError(Exception):
    pass
