"""One batch of the source becomes one batch for the staging table; rows that break a rule are reported and left out."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from terrafusion.records.loading.convert import convert
from terrafusion.records.loading.derive import derive
from terrafusion.records.loading.geometry import GeometryReader, Shapes
from terrafusion.records.loading.mapping import FieldMapping
from terrafusion.records.loading.problems import ALTERED, Mask, Problem
from terrafusion.records.loading.readers import Rows
from terrafusion.records.loading.report import LoadReport, Rejects
from terrafusion.records.loading.targets import Kind, Target


@dataclass(frozen=True)
class Batch:
    """Rows that passed. ``columns`` holds an Arrow array a target; ``shapes`` is None when the layer loads none.
    ``refused`` has the numbers and the columns of those that did not."""

    row_numbers: pa.Array
    columns: dict[str, pa.Array]
    shapes: Shapes | None
    refused: tuple[pa.Array, dict[str, pa.Array]] | None = None


@dataclass
class RowReader:
    """Applies the mapping. ``fields`` pairs each target with where its values come from."""

    fields: list[tuple[Target, FieldMapping]]
    key: tuple[str, ...]
    geometry: GeometryReader | None
    x: str
    y: str
    today: datetime.date
    report: LoadReport
    rejects: Rejects
    _read: int = field(default=0, init=False)

    def read(self, rows: Rows) -> Batch:
        batch, length = rows.batch, rows.batch.num_rows
        problems: list[tuple[str, Problem]] = [("", problem) for problem in rows.problems]
        columns: dict[str, pa.Array] = {}
        for target, how in self.fields:
            columns[target.name], more_problems = derive(batch, target, how, self.today)
            problems += [(target.name, problem) for problem in more_problems]
        shapes, more_problems = self._shapes(batch, rows.wkb)
        problems += [("geometry", problem) for problem in more_problems]
        row_numbers = pa.array(np.arange(self._read + 1, self._read + 1 + length))
        self._read += length
        self.report.read = self._read
        refused = self._report(problems, row_numbers, columns)
        kept = pa.array(~refused)
        self._count_amounts(columns, pa.array(refused))
        if shapes is not None:
            self.report.without_geometry += int((shapely.is_missing(shapes) & ~refused).sum())
        if not refused.any():
            return Batch(row_numbers, columns, shapes)
        lost = pa.array(refused)
        return Batch(
            pc.filter(row_numbers, kept),
            {name: pc.filter(values, kept) for name, values in columns.items()},
            None if shapes is None else shapes[~refused],
            (pc.filter(row_numbers, lost), {name: pc.filter(values, lost) for name, values in columns.items()}),
        )

    def _count_amounts(self, columns: dict[str, pa.Array], refused: pa.Array) -> None:
        report = self.report
        for target, _ in self.fields:
            if target.kind is Kind.MONEY:
                values = columns[target.name]
                report.amounts[target.name] = report.amounts.get(target.name, 0) + (pc.sum(values).as_py() or 0)
                report.leave_out({target.name: pc.sum(pc.filter(values, refused)).as_py() or 0})

    def _shapes(self, batch: pa.RecordBatch, wkb: pa.Array | None) -> tuple[Shapes | None, list[Problem]]:
        if self.geometry is None:
            return None, []
        if not self.x:
            return self.geometry.from_wkb(wkb)
        number = FieldMapping()
        x, x_problems = convert(batch.column(self.x), Target(self.x, Kind.REAL), number, self.today)
        y, y_problems = convert(batch.column(self.y), Target(self.y, Kind.REAL), number, self.today)
        shapes, problems = self.geometry.from_xy(x, y)
        return shapes, [*x_problems, *y_problems, *problems]

    def _report(self, problems: list[tuple[str, Problem]], row_numbers: pa.Array, columns: dict[str, pa.Array]) -> Mask:
        """Count and write each problem, a refused row once, for its first reason. Returns the refused rows."""
        refused = np.zeros(len(row_numbers), dtype=bool)
        for _, problem in problems:
            if problem.outcome == "refused":
                self._write(problem, problem.mask & ~refused, row_numbers, columns)
                self.report.refused[problem.reason] += int((problem.mask & ~refused).sum())
                refused |= problem.mask
        for name, problem in problems:
            if problem.outcome == "refused":
                continue
            affected = problem.mask & ~refused
            count = int(affected.sum())
            if problem.outcome == ALTERED:
                self.report.altered[problem.reason] += count
                continue
            self._write(problem, affected, row_numbers, columns)
            if problem.outcome == "repaired":
                self.report.repaired += count
            elif count:
                counts = self.report.nulled if problem.outcome == "nulled" else self.report.truncated
                counts[f"{name} {problem.reason}"] += count
        self.report.refused, self.report.altered = +self.report.refused, +self.report.altered
        return refused

    def _write(self, problem: Problem, mask: Mask, row_numbers: pa.Array, columns: dict[str, pa.Array]) -> None:
        for index in np.flatnonzero(mask):
            key = " ".join(_text(columns[name][index]) for name in self.key if name in columns)
            detail = problem.detail(int(index))
            self.rejects.write(row_numbers[index].as_py(), key, problem.outcome, problem.reason, detail)


def _text(value: pa.Scalar) -> str:
    plain = value.as_py()
    return "" if plain is None else str(plain)
