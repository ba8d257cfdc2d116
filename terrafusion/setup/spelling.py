"""Spelling of documentation, docstrings, comments and messages, by codespell.

Beside misspellings it refuses British spellings, and the words and phrases that this project has retired
(``retired_words.txt``, ``PHRASES``); ``docs/developer/glossary.md`` has the terms in their place. Of Python files it
reads strings and comments, and the words that names are made of (``NAMES``); in all files nothing between backticks.
Of tests, which misspell on purpose, it reads names alone.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
WORDS = Path(__file__).with_name("retired_words.txt")
PHRASES = {
    r"\bto be had\b": "available, could be claimed",
    r"\btiers? of worth\b": "value tier, value quartile",
    r"\bcheap and dear\b": "low- and high-value",
    r"\bcame across another\b": "conflicted with another",
    r"\bThere is no such (?!file)": "Not found:",
    r"\bMind:": "Note:",
    r"\bdrawn (?:evenly|towards?|at random)\b": "shrunk toward, sampled",
}
NAMES = {
    "told": "the thing's own noun",
    "tells": "reports, describes",
    "wish": "request, parameters",
    "fewest": "min, minimum",
    "metres": "meters",
    "neighbours": "neighbors",
    "patiently": "retry",
    "learnt": "learned",
    "spelt": "spelled",
    "judge": "evaluate, assess, check",
    "judges": "evaluates, assesses, checks",
    "judged": "holdout, evaluated, assessed",
    "judging": "holdout, evaluating, assessing",
    "drawn": "sampled, shrunk, written",
    "sung": "recorded",
    "placing": "the thing's own noun",
}
"""Retired words in names of Python code, and what to write in their place."""
WHOLE_NAMES = {
    "found": "the thing's own noun",
    "held_back": "calibration_sales, holdout_sales",
    "hold_decisions": "lock_decisions",
    "in_force": "effective_inputs, effective_limits, effective_on",
    "least": "minimum",
    "most": "maximum",
}
"""Names that are retired, whose words are not."""
_PATTERNS = ("*.md", "*.py", "*.html", "*.yml", "*.yaml", "*.sh", "*.toml", ".env.example", "Makefile")
_QUOTED = re.compile(r"``[^`\n]+``|(?<!`)`[^`\n]+`(?!`)")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_NAMES_ALONE = re.compile(r"^tests/.*\.py$")
_NOT = re.compile(r"/migrations/|^tests/(?!.*\.py$)|^docs/reference/|^terrafusion/setup/spelling\.py$")


def faults(project: Path, files: Iterable[str]) -> list[str]:
    """What is wrong with these files of the project, each with its place."""
    with tempfile.TemporaryDirectory() as folder:
        mirror = Path(folder)
        misspelled = []
        for name in files:
            if name.endswith(".py"):
                misspelled += [f"{name}:{fault}" for fault in _names(project / name)]
            if _NAMES_ALONE.search(name):
                continue
            text = _QUOTED.sub(lambda match: " " * len(match[0]), _prose(project / name))
            (mirror / name).parent.mkdir(parents=True, exist_ok=True)
            (mirror / name).write_text(text, encoding="utf-8")
            misspelled += [f"{name}:{fault}" for fault in _phrases(text)]
        command = [
            "codespell",
            "--builtin",
            "clear,rare,en-GB_to_en-US",
            "--dictionary",
            str(WORDS),
            "--dictionary",
            "-",
        ]
        command += ["--toml", str(PROJECT / "pyproject.toml"), "--check-hidden", "."]
        done = subprocess.run(
            [str(Path(sys.executable).parent / command[0]), *command[1:]],
            cwd=mirror, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode not in (0, 65):
        raise RuntimeError(done.stderr)
    return sorted(misspelled + [line.removeprefix("./") for line in done.stdout.splitlines()])


def tracked(project: Path) -> list[str]:
    """The files that are read, of those that git knows or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *_PATTERNS]
    names = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in names if not _NOT.search(name) and (project / name).exists()]


def _prose(path: Path) -> str:
    """The text; of Python the strings and comments alone, each at its place."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return text
    source = text.splitlines()
    lines = [[" "] * len(line) for line in source]
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in _READ:
            for number in range(token.start[0], token.end[0] + 1):
                line = source[number - 1]
                begin = token.start[1] if number == token.start[0] else 0
                end = token.end[1] if number == token.end[0] else len(line)
                lines[number - 1][begin:end] = _without_values(line[begin:end], token.string)
    return "\n".join("".join(line).rstrip() for line in lines) + "\n"


def _without_values(text: str, literal: str) -> str:
    """An f-string without its expressions: until Python 3.12 they are in the token."""
    formatted = "f" in literal[: literal.find(literal[-1])].lower()
    return re.sub(r"\{[^{}]*\}", lambda match: " " * len(match[0]), text) if formatted else text


_READ = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
"""From Python 3.12 on, the literal parts of f-strings are tokens of their own."""


def _phrases(text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, instead in PHRASES.items():
            if match := re.search(pattern, line):
                yield f"{number}: {match[0]} ==> {instead}"


def _names(path: Path) -> Iterator[str]:
    """Names in the code that are retired, or have a retired word: ``fewest_sales``, but not the method ``tell`` of
    files."""
    with path.open(encoding="utf-8") as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type == tokenize.NAME:
                words = [word.lower() for word in _WORD.findall(token.string)]
                instead = [NAMES[word] for word in words if word in NAMES]
                if (whole := token.string.strip("_")) in WHOLE_NAMES:
                    instead.append(WHOLE_NAMES[whole])
                yield from (f"{token.start[0]}: {token.string} ==> {other}" for other in instead)


def main() -> int:
    misspelled = faults(PROJECT, tracked(PROJECT))
    print("\n".join(misspelled) if misspelled else "No misspelled or retired word.")
    return 1 if misspelled else 0


if __name__ == "__main__":
    sys.exit(main())
