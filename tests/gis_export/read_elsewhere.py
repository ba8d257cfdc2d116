"""What GDAL or QGIS of this machine's packages reads of files, as JSON; run by the system's Python, which has them.

Usage: ``python3 read_elsewhere.py gdal|qgis``, with ``[{"path", "layer", "fields"}]`` on the standard input.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def by_gdal(path: str, layer: str | None, fields: list[str]) -> dict[str, Any]:
    from osgeo import ogr  # type: ignore[import-not-found]

    ogr.UseExceptions()
    source = ogr.Open(path)
    opened = source.GetLayer(layer) if layer else source.GetLayer(0)
    crs = opened.GetSpatialRef()
    rows = []
    for feature in opened:
        values = [feature.GetFieldAsString(name) if feature.IsFieldSet(name) else None for name in fields]
        shape = feature.GetGeometryRef()
        rows.append([*values, None if shape is None else shape.Area()])
    return {"crs": crs.GetName() if crs else "", "count": opened.GetFeatureCount(), "rows": rows}


def by_qgis(path: str, layer: str | None, fields: list[str]) -> dict[str, Any]:
    from qgis.core import QgsVectorLayer  # type: ignore[import-not-found]

    opened = QgsVectorLayer(f"{path}|layername={layer}" if layer else path, "layer", "ogr")
    if not opened.isValid():
        raise ValueError(f"QGIS does not open {path}")
    rows = []
    for feature in opened.getFeatures():
        values = [feature[name] for name in fields]
        shape = feature.geometry()
        area = None if shape.isNull() else shape.area()
        rows.append([*(None if str(value) == "NULL" else _text(value) for value in values), area])
    return {"crs": opened.crs().description(), "count": opened.featureCount(), "rows": rows}


def _text(value: Any) -> str:
    return str(value.toString("yyyy-MM-dd")) if hasattr(value, "toString") else str(value)


def main() -> None:
    read = {"gdal": by_gdal, "qgis": by_qgis}[sys.argv[1]]
    if sys.argv[1] == "qgis":
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        from qgis.core import QgsApplication

        application = QgsApplication([], False)
        application.initQgis()
    answers = []
    for asked in json.load(sys.stdin):
        try:
            answers.append(read(**asked))
        except Exception as error:  # which is the answer for this file
            answers.append({"error": f"{type(error).__name__}: {error}"})
    sys.stdout.write(json.dumps(answers) + "\n")


if __name__ == "__main__":
    main()
