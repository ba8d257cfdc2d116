"""What the source says without being run: calls with literal arguments."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from terrafusion.setup.reference.markdown import PARTS

_PROJECT = Path(__file__).resolve().parents[3]


@cache
def _trees() -> tuple[ast.Module, ...]:
    paths = sorted(path for part in PARTS for path in (_PROJECT / part).rglob("*.py"))
    return tuple(
        ast.parse(path.read_text(encoding="utf-8"))
        for path in paths
        if not {"migrations", "setup"} & set(path.relative_to(_PROJECT).parts)
    )


def calls(*names: str) -> Iterator[tuple[str, ast.Call]]:
    """Each call of a function or class of these names; of ``module.name``, too."""
    for tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
                if name in names:
                    yield name, node


def text(node: ast.expr | None) -> str | None:
    """A literal text, with three dots for each variable part of an f-string. None for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(text(part) or "" if isinstance(part, ast.Constant) else "..." for part in node.values)
    return None


def argument(call: ast.Call, place: int, keyword: str) -> ast.expr | None:
    named = next((one.value for one in call.keywords if one.arg == keyword), None)
    return named or (call.args[place] if len(call.args) > place else None)
