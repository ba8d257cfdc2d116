"""A county's own look: branding, templates and photographs through the admin."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from reporting.branding import brand_of, branding_digest
from reporting.models import CountyBranding, ParcelPhoto, ReportTemplate
from terrafusion.records.models import County, PropertyOperational
from tests.reporting import data, pdfs
from tests.reporting.conftest import Make


def png(size: int = 40) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (size, size), "#aa2233").save(out, "PNG")
    return out.getvalue()


def white(size: int) -> bytes:
    """Few bytes and many pixels."""
    out = io.BytesIO()
    Image.new("1", (size, size), 1).save(out, "PNG")
    return out.getvalue()


def save(client: Any, model: str, **fields: Any) -> Any:
    response = client.post(reverse(f"admin:reporting_{model}_add"), fields)
    return response.context["adminform"].form.errors if response.status_code == 200 else {}


BRANDING = {
    "display_name": "County <of> #Sample",
    "office": "Assessor",
    "address": "1 Main Street\nTown",
    "footer": "Call us",
    "color": "#aa2233",
    "how_to_appeal": "Write.",
}


def test_branding_is_on_the_report(make: Make, county: County, admin_client: Any) -> None:
    data.load(county, 3)
    before = branding_digest(county, "assessment_roll")
    seal = SimpleUploadedFile("seal.png", png())
    assert save(admin_client, "countybranding", county=county.pk, new_seal=seal, **BRANDING) == {}
    brand = brand_of(county, "assessment_roll")
    assert (brand.seal, brand.color, brand.address) == (png(), "#aa2233", ("1 Main Street", "Town"))
    assert branding_digest(county, "assessment_roll") != before  # so that an old result is not used again
    job, path = make("assessment_roll", "pdf")
    assert "County <of> #Sample" in pdfs.text_of(path)
    assert "Call us" in pdfs.text_of(path)
    assert "/Figure" in pdfs.check_accessible(path, job.pages)  # the seal, with its text
    page = make("assessment_roll", "html")[1].read_text()
    assert "County &lt;of&gt; #Sample" in page
    assert "data:image/png;base64," in page


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<svg/>", "no PNG or JPEG"),
        (png()[:60], "no PNG or JPEG"),
        (b"\x89PNG" + bytes(600_000), "500 kB"),
        (white(13_000), "13,000 x 13,000 pixels"),
    ],
)
def test_a_seal_that_is_none(county: County, admin_client: Any, content: bytes, message: str) -> None:
    errors = save(
        admin_client, "countybranding", county=county.pk, new_seal=SimpleUploadedFile("s.png", content), **BRANDING
    )
    assert message in str(errors["new_seal"])
    assert not CountyBranding.objects.exists()


def test_a_color_that_is_none(county: County, admin_client: Any) -> None:
    errors = save(admin_client, "countybranding", county=county.pk, **{**BRANDING, "color": "red; x"})
    assert "color" in errors


def test_templates_are_tried_before_they_are_kept(make: Make, county: County, admin_client: Any) -> None:
    data.load(county, 3)
    for source in ('#let size = read("/etc/passwd")', "#let size = ", "#let footer(meta) = []"):
        errors = save(admin_client, "reporttemplate", county=county.pk, report_type="", source=source)
        assert "cannot be set" in str(errors["source"]), source
    assert not ReportTemplate.objects.exists()
    own = "#let footer(meta, number) = [Own foot, #number]"
    assert save(admin_client, "reporttemplate", county=county.pk, report_type="assessment_roll", source=own) == {}
    job, path = make("assessment_roll", "pdf")
    assert "Own foot, Page 1 of" in pdfs.text_of(path)
    pdfs.check_accessible(path, job.pages)


def test_photographs_are_on_the_card(make: Make, county: County, admin_client: Any, other_county: County) -> None:
    data.load(county, 3)
    parcel = PropertyOperational.objects.get(parcel_number="0001")
    fields = {"property": parcel.pk, "taken_on": "2025-05-01", "caption": "Front"}
    errors = save(
        admin_client, "parcelphoto", county=other_county.pk, file=SimpleUploadedFile("a.png", png()), **fields
    )
    assert "another county" in str(errors)
    errors = save(admin_client, "parcelphoto", county=county.pk, file=SimpleUploadedFile("a.png", b"no"), **fields)
    assert "no PNG or JPEG" in str(errors)
    errors = save(
        admin_client, "parcelphoto", county=county.pk, file=SimpleUploadedFile("a.png", white(13_000)), **fields
    )
    assert "13,000 x 13,000 pixels; scale it down to 25,000,000 in all" in str(errors["file"])
    photo = SimpleUploadedFile("a.png", png(90))
    assert save(admin_client, "parcelphoto", county=county.pk, file=photo, **fields) == {}
    assert str(ParcelPhoto.objects.get().file.name).startswith(f"parcel_photos/{county.pk}/{parcel.pk}-")
    _, path = make("property_record_card", "pdf", parcels=["0001"])
    text = pdfs.text_of(path)
    assert "Front May 1, 2025" in text
    assert "No photograph" not in text


def test_lists_in_the_admin(county: County, admin_client: Any) -> None:
    for model in ("countybranding", "reporttemplate", "parcelphoto"):
        assert admin_client.get(reverse(f"admin:reporting_{model}_changelist")).status_code == 200
        assert admin_client.get(reverse(f"admin:reporting_{model}_add")).status_code == 200
