"""What the manifests say about a layer's parts, as of the whole. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def whole(parts: list[dict[str, Any]], file: str) -> dict[str, Any]:
    """The layer's entry in the manifest: counts and totals are added, extents united, losses of a kind counted as one.

    ``parts`` are the entries of one layer, each as ``writer.export`` describes it; ``file`` is where the layer is.
    """
    first = parts[0]
    reconciled = [part["reconciliation"] for part in parts]
    return {
        **first,
        "file": file,
        "records": sum(part["records"] for part in parts),
        "records_without_geometry": sum(part["records_without_geometry"] for part in parts),
        "extent": _united(part["extent"] for part in parts),
        "reconciliation": {
            **first["reconciliation"],
            "source": _added([each["source"] for each in reconciled]),
            "written": _added([each["written"] for each in reconciled]),
            "records_in_file": sum(each["records_in_file"] for each in reconciled),
        },
        "losses": _losses(loss for part in parts for loss in part["losses"]),
    }


def _added(totals: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        **totals[0],
        "records": sum(each["records"] for each in totals),
        "without_geometry": sum(each["without_geometry"] for each in totals),
        "area": sum(each["area"] for each in totals),
        "extent": _united(each["extent"] for each in totals),
        "sums": {name: sum(each["sums"][name] for each in totals) for name in totals[0]["sums"]},
    }


def _united(extents: Iterable[Any]) -> list[float] | None:
    known = [extent for extent in extents if extent is not None]
    if not known:
        return None
    return [min(e[0] for e in known), min(e[1] for e in known), max(e[2] for e in known), max(e[3] for e in known)]


def _losses(losses: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    merged: dict[tuple[Any, ...], dict[str, Any]] = {}
    for loss in losses:
        key = (loss["layer"], loss["kind"], loss["detail"], loss["field"])
        if key not in merged:
            merged[key] = dict(loss)
        elif loss["count"] is not None:
            merged[key]["count"] = (merged[key]["count"] or 0) + loss["count"]
    return list(merged.values())
