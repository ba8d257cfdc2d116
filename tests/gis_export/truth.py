"""How the tests get at what a file holds, and what of the database it must be: one ``Truth`` a format."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.gis_export.compare import assert_same, in_any_order
from tests.gis_export.conftest import Export, Exports, Row


def as_it_is(exports: Exports, export: Export, layer: str) -> list[Row]:
    """A format that keeps everything."""
    return exports.rows(layer)


@dataclass(frozen=True)
class Truth:
    """``read`` gives a layer's records as a program has them that did not write the file. ``wanted`` are the
    database's as the format's stated limits leave them; ``geometry`` does the same with a shape, and ``same`` tells
    whether what was found is that. ``ordered``: the records have the database's order."""

    read: Callable[[Exports, Export, str], list[Row]]
    wanted: Callable[[Exports, Export, str], Iterable[Row]] = as_it_is
    geometry: Callable[[Any], Any] | None = None
    same: Callable[[Any, Any], bool] | None = None
    ordered: bool = True

    def check(self, exports: Exports, export: Export, layer: str) -> None:
        """Every value and every coordinate."""
        wanted, actual = list(self.wanted(exports, export, layer)), self.read(exports, export, layer)
        if not self.ordered:
            wanted, actual = in_any_order(wanted), in_any_order(actual)
        assert_same(wanted, actual, self.geometry, self.same)
