"""The one error of loading."""


class LoadError(Exception):
    """A file, mapping or argument that cannot be loaded. The message is one line for the person who asked, and the
    database is as it was."""
