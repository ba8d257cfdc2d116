"""What a drawing holds besides its entities, as ezdxf makes it: header, layers, the view that it opens with."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable
from dataclasses import dataclass

from gis_export.formats.base import free_name

APPLICATION = "TERRAFUSION"
"""Under this name each entity has the number of its record as extended data."""
_ENTITIES = "  2\nENTITIES\n"
_RED_TO_MAGENTA = 6  # AutoCAD's color numbers from 1 on
# $INSUNITS by meters: a meter, a foot, a foot of the US survey. What is none of these is unitless.
_UNITS = ((1.0, 6), (0.3048, 2), (1200 / 3937, 21))


@dataclass(frozen=True)
class Frame:
    """``before`` and ``after`` are what stands round the entities; ``owner`` is the handle that each of these names."""

    before: bytes
    after: bytes
    owner: str
    first_handle: int


def labels_of(layer: str, layers: Iterable[str]) -> str:
    """The drawing's layer that holds the labels of one of the ``layers``, none of which may be named so."""
    return free_name(f"{layer}_labels", layers)


def frame(
    layers: tuple[str, ...],
    meters: float | None,
    extent: tuple[float, float, float, float] | None = None,
    last_handle: int = 0,
) -> Frame:
    """``meters`` is the length of the CRS's unit, None where it is an angle. ``extent`` and the last of the entities'
    handles are known only when these are written; until then the frame says where the handles begin."""
    import ezdxf
    from ezdxf import options

    options.write_fixed_meta_data_for_testing = True  # neither clock nor random identifiers
    drawing = ezdxf.new("R2007")
    for i, layer in enumerate(layers):
        color = i % _RED_TO_MAGENTA + 1
        drawing.layers.add(layer, color=color)
        drawing.layers.add(labels_of(layer, layers), color=color)
    drawing.appids.add(APPLICATION)
    units = [code for unit, code in _UNITS if math.isclose(unit, meters or 0.0)]
    drawing.header["$INSUNITS"] = units[0] if units else 0
    drawing.header["$MEASUREMENT"] = 1 if meters == 1.0 else 0
    space = drawing.modelspace()
    xmin, ymin, xmax, ymax = extent or (0.0, 0.0, 1.0, 1.0)
    height = max(ymax - ymin, (xmax - xmin) / 2) or 1.0
    drawing.set_modelspace_vport(height, center=((xmin + xmax) / 2, (ymin + ymax) / 2))
    if extent:
        space.reset_extents((xmin, ymin, 0), (xmax, ymax, 0))
    first = int(str(drawing.entitydb.handles), 16)
    drawing.entitydb.handles.reset(f"{max(first, last_handle + 1):X}")
    text = io.StringIO()
    drawing.write(text)
    before, entities, after = text.getvalue().partition(_ENTITIES)
    return Frame((before + entities).encode(), after.encode(), space.layout_key, first)


def padded(before: bytes, size: int) -> bytes:
    """``before`` with a comment in front that makes it ``size`` bytes, at least 5 more than it has."""
    return b"999\n" + b" " * (size - len(before) - 5) + b"\n" + before
