"""What a file is uploaded as, and an area as it is shown."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib.gis.geos import GEOSGeometry
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from terrafusion import crs
from terrafusion.api.errors import Conflict
from terrafusion.api.serializers import StrictSerializer
from terrafusion.areas import AreaError, files
from terrafusion.areas.rows import geos
from terrafusion.errors import CRSError
from terrafusion.locks import acquire_lock
from terrafusion.records.access import Role, require
from terrafusion.records.api.county import CountyField
from terrafusion.records.models import County, CountySettings, UploadedArea
from terrafusion.types import AnyUser
from terrafusion.words import counted

MAX_KEPT = 200
"""Areas that one user may have in all."""


class AreaUploadSerializer(StrictSerializer):
    """A file with polygons."""

    county_id = CountyField(help_text="The county's id.")
    file = serializers.FileField(
        allow_empty_file=True, help_text=f"{', '.join(files.FORMATS)}; a Shapefile as a zip with .shp, .shx and .prj."
    )
    name = serializers.CharField(
        required=False, max_length=150, allow_blank=True, default="", help_text="What it is called; the file's name."
    )
    crs = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        help_text="EPSG code of the coordinates, such as EPSG:2926, where the file does not say it.",
    )
    layer = serializers.CharField(
        required=False, allow_blank=True, default="", help_text="Which layer, where the file has several."
    )

    def validate_crs(self, given: str) -> int | None:
        try:
            return crs.parse(given) if given else None
        except CRSError as error:
            raise serializers.ValidationError(str(error)) from None

    def validate_file(self, file: UploadedFile[bytes]) -> UploadedFile[bytes]:
        size = file.size or 0
        if size > settings.MAX_AREA_FILE_BYTES:
            raise serializers.ValidationError(
                f"The file has {counted(size, 'byte')}, and at most {settings.MAX_AREA_FILE_BYTES:,} are allowed."
            )
        return file

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        self._may(data["county_id"])  # before a file is opened
        maximum = CountySettings.of(data["county_id"]).max_area_vertices
        try:
            file_area = files.read(data["file"].read(), srid=data["crs"], layer=data["layer"], max_vertices=maximum)
        except AreaError as error:
            raise serializers.ValidationError({"file": list(error.messages)}) from None
        return {**data, "file_area": file_area}

    def _may(self, county: County) -> None:
        user = self.context["request"].user
        require(user, Role.ANALYST, county.pk)
        _require_room(user)

    def create(self, validated_data: dict[str, Any]) -> UploadedArea:
        file_area: files.FileArea = validated_data["file_area"]
        file = validated_data["file"]
        area = UploadedArea(
            county=validated_data["county_id"],
            owner=self.context["request"].user,
            name=validated_data["name"] or _printable(file.name) or "area",
            file_format=file_area.file_format,
            file_bytes=file.size,
            file_sha256=file_area.sha256,
            geometry=geos(file_area.area.geometry),
            vertices=file_area.area.vertices,
            notes=list(file_area.area.notes),
        )
        with transaction.atomic():
            acquire_lock(area.owner_id)
            _require_room(area.owner)  # others may have come while the file was read
            area.save(force_insert=True)
        return area


def _require_room(user: AnyUser) -> None:
    if UploadedArea.of(user).count() >= MAX_KEPT:
        raise Conflict(f"You have {MAX_KEPT} uploaded areas: delete those that you do not need.", "too_many_areas")


def _printable(name: str) -> str:
    return "".join(character for character in name if character.isprintable())[:150].strip()


class AreaSerializer(serializers.ModelSerializer[UploadedArea]):
    """An uploaded area; ``area_of_interest`` is what a request says to use it."""

    area_of_interest = serializers.SerializerMethodField()
    bbox = serializers.SerializerMethodField(help_text="[west, south, east, north] in EPSG:4326.")
    links = serializers.SerializerMethodField()

    class Meta:
        model = UploadedArea
        fields = [
            *("id", "county_id", "name", "file_format", "file_bytes", "file_sha256", "vertices", "notes", "bbox"),
            *("area_of_interest", "created_at", "expires_at", "links"),
        ]
        extra_kwargs = {"notes": {"help_text": "What was done to the file's shapes."}}

    @extend_schema_field({"type": "object", "properties": {"type": {"const": "upload"}, "id": {"type": "string"}}})
    def get_area_of_interest(self, area: UploadedArea) -> dict[str, str]:
        return {"type": "upload", "id": str(area.pk)}

    @extend_schema_field({"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4})
    def get_bbox(self, area: UploadedArea) -> list[float]:
        shape: GEOSGeometry = area.geometry
        return list(shape.extent)

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "string", "format": "uri"}})
    def get_links(self, area: UploadedArea) -> dict[str, str]:
        return {"self": reverse("areas:area", args=[area.pk], request=self.context["request"])}


class AreaDetailSerializer(AreaSerializer):
    """The same with its outline."""

    geometry = serializers.SerializerMethodField(help_text="GeoJSON Polygon or MultiPolygon in EPSG:4326.")

    class Meta(AreaSerializer.Meta):
        fields = [*AreaSerializer.Meta.fields, "geometry"]

    @extend_schema_field({"type": "object", "required": ["type", "coordinates"]})
    def get_geometry(self, area: UploadedArea) -> dict[str, Any]:
        geometry: dict[str, Any] = json.loads(area.geometry.geojson)
        return geometry
