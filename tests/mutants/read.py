"""What mutmut left behind: each mutant of a module, by what it changes, and what became of it."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from difflib import ndiff
from pathlib import Path

_ORIGINAL = "__mutmut_orig"
_SURVIVED = (0, 5, 33)  # the tests passed, there were none to run, or none calls the function
_KILLED = (1, 3, -24, 24, 36, 152, 255, -11, -9)  # a test failed, or pytest did; too slow; the process died
_PROSE = re.compile(r"[a-z],? [a-z]")

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Unfinished(Exception):
    """mutmut did not evaluate all mutants."""


@dataclass(frozen=True)
class Mutant:
    """``change`` names it for as long as its function stays as it is: ``function: what was => what is``. ``wording``:
    only a sentence has other letters; sentences are checked where they matter, not each by its letters."""

    change: str
    survived: bool
    wording: bool


def mutants(folder: Path, path: str) -> list[Mutant]:
    """Those of the module at ``path``, which mutmut has run in ``folder``."""
    functions: dict[str, Function] = {}
    for node in ast.walk(ast.parse((folder / "mutants" / path).read_text())):
        if isinstance(node, Function):
            functions[node.name] = node
            node.name = _plain(node.name)
    codes = json.loads((folder / "mutants" / f"{path}.meta").read_text())["exit_code_by_key"]
    return [_mutant(functions, key.rpartition(".")[2], code) for key, code in codes.items()]


def _plain(name: str) -> str:
    """``Boxes.add`` of the names that mutmut gives the variants of a method."""
    return name.rpartition("__mutmut_")[0].removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")


def _mutant(functions: dict[str, Function], name: str, code: int | None) -> Mutant:
    if code not in (*_SURVIVED, *_KILLED):
        raise Unfinished(f"{name} ended with {code}, which says nothing of the tests. Run it again.")
    original = functions[name.rpartition("__mutmut_")[0] + _ORIGINAL]
    now = ast.unparse(functions[name])
    lines = list(ndiff(ast.unparse(original).splitlines(), now.splitlines()))
    was, became = (" ".join(line[2:].strip() for line in lines if line[0] == mark) for mark in "-+")
    return Mutant(f"{_plain(name)}: {was} => {became}", code in _SURVIVED, _only_words(original, now))


def _only_words(original: Function, now: str) -> bool:
    """Whether ``now`` is the function with other letters in one sentence."""
    for node in ast.walk(original):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _PROSE.search(node.value):
            text = node.value
            for node.value in (f"XX{text}XX", text.lower(), text.upper()):
                if ast.unparse(original) == now:
                    break
            else:
                node.value = text
                continue
            node.value = text
            return True
    return False
