"""What the people of ``make load`` ask for."""

from __future__ import annotations

from typing import Any


def export(county: str, number: int) -> dict[str, Any]:
    """The body of a small export: some 500 of the generated parcels."""
    west, south = -122.5 + number % 300 * 0.0005, 47.0 + number % 7 * 0.0005
    area = {"type": "bbox", "coordinates": [west, south, west + 0.0125, south + 0.01]}
    return {
        "export_format": "CSV",
        "county_id": county,
        "layers": ["parcels"],
        "area_of_interest": area,
        "parameters": {"fresh": True},
    }
