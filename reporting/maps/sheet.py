"""The sheet that a map is drawn on: from feet to its own units, with frame, scale bar, north arrow and legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

FONT = "Noto Sans"
_LENGTHS = [n * 10**e for e in range(7) for n in (1, 2, 5)]  # feet
_FEET_PER_MILE = 5280


@dataclass(frozen=True)
class Extent:
    """A box, in feet."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.top - self.bottom

    def shaped(self, aspect: float, margin: float = 0.05, min_width: float = 100.0) -> Extent:
        """The smallest box of that width over height that holds this one and a margin round it."""
        width = max(self.width * (1 + 2 * margin), self.height * (1 + 2 * margin) * aspect, min_width)
        height = width / aspect
        x, y = (self.left + self.right) / 2, (self.bottom + self.top) / 2
        return Extent(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


@dataclass(frozen=True)
class Key:
    """A line of the legend: a color and what it means. ``dot``: a point on the map, not an area."""

    color: str
    text: str
    dot: bool = False


@dataclass
class MapSheet:
    """A map of ``extent``, ``width`` units wide. Parts are drawn in the order in which they are added."""

    extent: Extent
    width: float = 420
    parts: list[str] = field(default_factory=list)

    @property
    def scale(self) -> float:
        """Units of the sheet to a foot."""
        return self.width / self.extent.width

    @property
    def height(self) -> float:
        return self.extent.height * self.scale

    def at(self, x: float, y: float) -> tuple[float, float]:
        return (x - self.extent.left) * self.scale, (self.extent.top - y) * self.scale

    def path(self, data: str, fill: str, stroke: str = "#8a8a8a", width: float = 0.5) -> None:
        """An outline as path data in units of the sheet."""
        self.parts.append(
            f'<path d="{data}" fill="{fill}" fill-rule="evenodd" stroke="{stroke}" stroke-width="{width}"/>'
        )

    def rings(self, rings: Sequence[Sequence[tuple[float, float]]], fill: str, stroke: str = "#8a8a8a") -> None:
        """A polygon with its holes, in feet."""
        data = "".join("M" + "L".join("{:.1f} {:.1f}".format(*self.at(x, y)) for x, y in ring) + "Z" for ring in rings)
        self.path(data, fill, stroke)

    def dot(self, x: float, y: float, color: str, radius: float = 1.6) -> None:
        place = self.at(x, y)
        self.parts.append(f'<circle cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="{radius}" fill="{color}"/>')

    def label(self, x: float, y: float, text: str, size: float = 7) -> None:
        place = self.at(x, y)
        self.parts.append(
            f'<text x="{place[0]:.1f}" y="{place[1]:.1f}" font-family="{FONT}" font-size="{size}" text-anchor="middle" '
            f'stroke="#fff" stroke-width="2" paint-order="stroke" fill="#222">{escape(text)}</text>'
        )

    def svg(self, legend: Sequence[Key] = ()) -> str:
        """The finished drawing."""
        width, height = self.width, self.height
        below = 14 * ((len(legend) + 2) // 3) + 4 if legend else 0
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height + below:.0f}" '
            f'viewBox="0 0 {width:.1f} {height + below:.1f}"><defs><clipPath id="frame">'
            f'<rect width="{width:.1f}" height="{height:.1f}"/></clipPath></defs><g clip-path="url(#frame)">'
            f'<rect width="{width:.1f}" height="{height:.1f}" fill="#fbfbf8"/>{"".join(self.parts)}</g>'
            f'<rect x="0.4" y="0.4" width="{width - 0.8:.1f}" height="{height - 0.8:.1f}" fill="none" stroke="#555" '
            'stroke-width="0.8"/>'
            f"{self._bar()}{self._north()}{self._legend(legend)}</svg>"
        )

    def _bar(self) -> str:
        """A round length of at most a quarter of the map, in feet or miles."""
        longest = self.extent.width / 4
        miles = longest >= _FEET_PER_MILE
        unit = _FEET_PER_MILE if miles else 1
        length = max((n for n in _LENGTHS if n * unit <= longest), default=_LENGTHS[0])
        text = f"{length:,} {'mi' if miles else 'ft'}"
        x, y, end = 10.0, self.height - 10, 10 + length * unit * self.scale
        return (
            f'<rect x="4" y="{y - 13:.1f}" width="{max(end, 34) + 4:.1f}" height="19" fill="#fff" fill-opacity="0.8"/>'
            f'<path d="M{x} {y - 3:.1f}V{y:.1f}H{end:.1f}V{y - 3:.1f}" fill="none" stroke="#222"/>'
            f'<text x="{x}" y="{y - 5:.1f}" font-family="{FONT}" font-size="7" fill="#222">{text}</text>'
        )

    def _north(self) -> str:
        x = self.width - 16
        return (
            f'<circle cx="{x:.1f}" cy="20" r="13" fill="#fff" fill-opacity="0.8"/>'
            f'<path d="M{x:.1f} 9l5 15l-5 -4l-5 4z" fill="#222"/><text x="{x:.1f}" y="32" font-family="{FONT}" '
            'font-size="7" text-anchor="middle" fill="#222">N</text>'
        )

    def _legend(self, keys: Sequence[Key]) -> str:
        made = []
        for number, key in enumerate(keys):
            x, y = (number % 3) * self.width / 3 + 4, self.height + 12 + 14 * (number // 3)
            shape = (
                f'<circle cx="{x + 5:.1f}" cy="{y - 3:.1f}" r="3" fill="{key.color}"/>'
                if key.dot
                else f'<rect x="{x:.1f}" y="{y - 7:.1f}" width="10" height="8" fill="{key.color}" stroke="#8a8a8a" '
                'stroke-width="0.5"/>'
            )
            made.append(
                f'{shape}<text x="{x + 14:.1f}" y="{y:.1f}" font-family="{FONT}" font-size="7.5" fill="#222">'
                f"{escape(key.text)}</text>"
            )
        return "".join(made)


@dataclass(frozen=True)
class ColorScale:
    """Classes of a figure, each with a color: ``bounds`` are between them, one fewer than there are colors."""

    bounds: tuple[float, ...]
    colors: tuple[str, ...]
    texts: tuple[str, ...]

    def color(self, value: float) -> str:
        return self.colors[sum(value >= bound for bound in self.bounds)]

    def keys(self, dot: bool = False) -> tuple[Key, ...]:
        return tuple(Key(color, text, dot) for color, text in zip(self.colors, self.texts, strict=True))


RATIOS = ColorScale(
    (0.85, 0.95, 1.05, 1.15),
    ("#2166ac", "#92c5de", "#cfcfcf", "#f4a582", "#b2182b"),
    ("below 0.85", "0.85 to 0.95", "0.95 to 1.05", "1.05 to 1.15", "1.15 and above"),
)
"""Ratios of value to price; blue is undervalued, red overvalued, and neither is red and green."""
