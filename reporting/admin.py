"""Reports in the admin: jobs, how a county's reports look, and photographs of parcels."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.files import File
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html

from reporting.models import CountyBranding, ParcelPhoto, ReportJob, ReportTemplate
from terrafusion.jobs.admin import JobAdmin
from terrafusion.records.county_admin import OwnCountiesAdmin
from terrafusion.words import counted

if TYPE_CHECKING:  # Django's own classes take no type parameters at run time
    BrandingModelForm = forms.ModelForm[CountyBranding]
    TemplateModelForm = forms.ModelForm[ReportTemplate]
    PhotoModelForm = forms.ModelForm[ParcelPhoto]
else:
    BrandingModelForm = TemplateModelForm = PhotoModelForm = forms.ModelForm

MAX_SEAL_BYTES = 500_000
MAX_PHOTO_BYTES = 5_000_000
MAX_PIXELS = 25_000_000
"""A large camera's; some 100 MB once they are decoded, in the web process."""
MAX_TEMPLATE = 50_000


@admin.register(ReportJob)
class ReportJobAdmin(JobAdmin):
    """Inspect, cancel and rerun reports."""


def picture(file: File[bytes], max_bytes: int) -> bytes:
    """The bytes of an uploaded PNG or JPEG that can be read whole; ValidationError for anything else, and for more than
    ``MAX_PIXELS``, which are counted before any is decoded: a small file may hold very many."""
    from PIL import Image, UnidentifiedImageError

    if file.size > max_bytes:
        raise ValidationError(f"The picture may have {max_bytes // 1000:,} kB at most.")
    content: bytes = file.read()
    try:
        with _quiet(), Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
            if image.width * image.height > MAX_PIXELS:
                size = f"{image.width:,} x {counted(image.height, 'pixel')}"
                fault = f"The picture has {size}; scale it down to {MAX_PIXELS:,} in all."
                raise ValidationError(fault)
            image.load()
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        raise ValidationError("This is no PNG or JPEG that can be read.") from None
    return content


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Pillow's warning of many pixels, which are refused here."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        yield


class BrandingForm(BrandingModelForm):
    new_seal = forms.FileField(
        required=False, help_text="A PNG or JPEG of at most 500 kB, in place of the present one."
    )
    remove_seal = forms.BooleanField(required=False)

    class Meta:
        model = CountyBranding
        fields = ("county", "display_name", "office", "address", "footer", "color", "how_to_appeal")
        widgets = {"address": forms.Textarea(attrs={"rows": 3})}

    def clean_new_seal(self) -> bytes | None:
        file = self.cleaned_data["new_seal"]
        return picture(file, MAX_SEAL_BYTES) if file else None

    def save(self, commit: bool = True) -> CountyBranding:
        if self.cleaned_data["remove_seal"]:
            self.instance.seal = b""
        if self.cleaned_data["new_seal"]:
            self.instance.seal = self.cleaned_data["new_seal"]
        return super().save(commit)


@admin.register(CountyBranding)
class CountyBrandingAdmin(OwnCountiesAdmin):
    form = BrandingForm
    list_filter = ("county",)
    list_display = ("county", "display_name", "office", "color", "has_seal")

    @admin.display(boolean=True)
    def has_seal(self, branding: CountyBranding) -> bool:
        return bool(branding.seal)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("county",) if obj else ()


def report_types() -> list[tuple[str, str]]:
    from reporting.reports import registry  # which brings the statistics' libraries; see apps.py

    return [("", "All reports"), *((name, one.title) for name, one in registry.ALL.items())]


class TemplateForm(TemplateModelForm):
    report_type = forms.ChoiceField(required=False, choices=report_types)

    class Meta:
        model = ReportTemplate
        fields = ("county", "report_type", "source")
        widgets = {"source": forms.Textarea(attrs={"rows": 20, "cols": 100, "spellcheck": "false"})}

    def clean_source(self) -> str:
        """Sets a sample with it: a template that fails is not saved, so that no report fails for it."""
        from reporting.sample import fault_of

        source: str = self.cleaned_data["source"]
        if len(source) > MAX_TEMPLATE:
            raise ValidationError(f"A template may have {MAX_TEMPLATE:,} characters at most.")
        if fault := fault_of(source):
            raise ValidationError(f"A sample cannot be set with this template: {fault}")
        return source


@admin.register(ReportTemplate)
class ReportTemplateAdmin(OwnCountiesAdmin):
    form = TemplateForm
    list_filter = ("county",)
    list_display = ("county", "report_type", "updated_at")


class PhotoForm(PhotoModelForm):
    class Meta:
        model = ParcelPhoto
        fields = ("county", "property", "file", "taken_on", "caption")

    def clean_file(self) -> File[bytes]:
        file: File[bytes] = self.cleaned_data["file"]
        if "file" in self.changed_data:
            picture(file, MAX_PHOTO_BYTES)
            file.seek(0)
        return file

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("property") and data.get("county") and data["property"].county_id != data["county"].pk:
            self.add_error("property", "This parcel is of another county.")
        return data


@admin.register(ParcelPhoto)
class ParcelPhotoAdmin(OwnCountiesAdmin):
    form = PhotoForm
    list_filter = ("county",)
    list_display = ("number", "county", "taken_on", "caption")
    list_select_related = ("property",)
    raw_id_fields = ("property",)
    search_fields = ("property__parcel_number__exact",)
    search_help_text = "A whole parcel number."

    @admin.display(description="parcel")
    def number(self, photo: ParcelPhoto) -> str:
        return format_html("{}", photo.property.parcel_number)
