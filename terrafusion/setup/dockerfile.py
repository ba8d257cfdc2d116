"""Reading docker/Dockerfile: its stages and their steps, as `docker build` understands them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from terrafusion.setup.errors import SetupError

KNOWN = frozenset(
    {"ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "RUN", "USER", "WORKDIR"}
)


@dataclass
class Stage:
    """``base`` is the image that it begins from, ``name`` what COPY --from calls it; the steps are words and texts."""

    base: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)


def parse(text: str) -> list[Stage]:
    """The stages in their order. Raises SetupError for an instruction that is not known here."""
    stages: list[Stage] = []
    for line in _lines(text):
        word, _, rest = line.partition(" ")
        word, rest = word.upper(), rest.strip()
        if word not in KNOWN:
            raise SetupError(f"docker/Dockerfile has {word}, which the check does not know: add it to image_check.py.")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stages.append(Stage(base.strip(), name.strip()))
        elif stages:
            stages[-1].steps.append((word, rest))
        else:
            raise SetupError(f"docker/Dockerfile has {word} before FROM.")
    return stages


def _lines(text: str) -> list[str]:
    """One for each instruction: comments dropped, continued lines joined."""
    kept = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(kept))
    return joined.splitlines()


def command(text: str) -> list[str]:
    """Of RUN, CMD, ENTRYPOINT: as it is where it is a JSON list, else for the shell."""
    if text.startswith("["):
        words: list[str] = json.loads(text)
        return words
    return ["/bin/sh", "-c", text]


def health(text: str) -> list[str]:
    """The command of HEALTHCHECK, without the options before it."""
    return command(text.partition("CMD ")[2].strip())


def assignments(text: str, environment: dict[str, str]) -> dict[str, str]:
    """Of ENV: names and values, in which $NAME stands for what the environment has."""
    pairs = (pair.partition("=") for pair in text.split())
    return {
        name: re.sub(r"\$\{?(\w+)\}?", lambda match: environment.get(match[1], ""), value) for name, _, value in pairs
    }
