"""The fenced blocks of README and ``docs/`` are run against a live server on a demonstration county."""
