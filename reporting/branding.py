"""How a county shows itself, from its settings."""

from __future__ import annotations

import dataclasses
import hashlib

from reporting.document.blocks import Brand
from reporting.models import CountyBranding, ReportTemplate
from terrafusion.records.models import County


def brand_of(county: County, report_type: str) -> Brand:
    """The county's branding, with the template of this report or of all."""
    own = CountyBranding.objects.filter(county=county).first() or CountyBranding(county=county)
    templates = dict(
        ReportTemplate.objects.filter(county=county, report_type__in=["", report_type]).values_list(
            "report_type", "source"
        )
    )
    return Brand(
        name=own.display_name or str(county),
        office=own.office,
        address=tuple(line.strip() for line in own.address.splitlines() if line.strip()),
        footer=own.footer,
        color=own.color,
        seal=bytes(own.seal) or None,
        template=templates.get(report_type) or templates.get("", ""),
    )


def branding_digest(county: County, report_type: str) -> str:
    """Changes with anything of it."""
    brand = dataclasses.astuple(brand_of(county, report_type))
    appeal = CountyBranding.objects.filter(county=county).values_list("how_to_appeal", flat=True).first()
    return hashlib.sha256(repr((brand, appeal)).encode()).hexdigest()
