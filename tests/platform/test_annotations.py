"""Functions say what they take and give: few parameters and results of product code are annotated as bare ``Any``."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.platform.sources import sources

MAX_SHARE = 0.011
"""Of the functions of all packages: those that take or give what a library leaves untyped, or JSON of any shape. More
is a reason to find the type: the value's own class, a Protocol, a TypeVar, or ``object`` that is narrowed inside."""


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for name, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name}:{node.lineno} {node.name}", node


def is_bare(annotation: ast.expr | None) -> bool:
    """Whether it is ``Any``, or a union with it. ``dict[str, Any]`` is not."""
    if isinstance(annotation, ast.BinOp):
        return is_bare(annotation.left) or is_bare(annotation.right)
    return isinstance(annotation, ast.Name) and annotation.id == "Any"


def annotations_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr | None]:
    """Of the result and of each parameter, but for ``*args`` and ``**kwargs``, which mostly go on to a library."""
    given = node.args
    return [node.returns, *(one.annotation for one in (*given.posonlyargs, *given.args, *given.kwonlyargs))]


def test_few_functions_take_or_give_any() -> None:
    every = list(functions())
    bare = [place for place, node in every if any(map(is_bare, annotations_of(node)))]
    assert len(every) > 3_000
    share = len(bare) / len(every)
    assert share <= MAX_SHARE, "\n".join(bare)
