"""What of each record goes out. A new column is not public until somebody lists it here, or declares it as a field of
parcels that is not personal.

Personal data (owner, mailing address) never goes out by this API, whatever the user's rights: exports do that, and
say in their manifest that they did.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse
from rest_framework_gis.serializers import GeoFeatureModelSerializer

from terrafusion.records import parcel_fields
from terrafusion.records.api.fields import GeoJSONField
from terrafusion.records.models import (
    County,
    PropertyOperational,
    PropertyValueHistory,
    ReferenceFeature,
    ReferenceLayer,
    Sale,
)


class CountySerializer(serializers.ModelSerializer[County]):
    links = serializers.SerializerMethodField()

    class Meta:
        model = County
        fields = ["id", "name", "fips", "state", "state_plane_srid", "links"]

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "string", "format": "uri"}})
    def get_links(self, county: County) -> dict[str, str]:
        request = self.context["request"]
        lists = {"properties": "property-list", "sales": "sale-list", "reference_layers": "referencelayer-list"}
        return {
            "settings": reverse("county-settings", args=[county.pk], request=request),
            **{name: f"{reverse(view, request=request)}?county_id={county.pk}" for name, view in lists.items()},
        }


class PropertySerializer(GeoFeatureModelSerializer):  # type: ignore[misc]  # drf-gis is untyped
    geometry = GeoJSONField(source="geojson", read_only=True)

    class Meta:
        model = PropertyOperational
        geo_field = "geometry"
        id_field = "id"
        fields = [
            "id",
            "county_id",
            *(field.name for field in parcel_fields.FIELDS if not field.personal),
            "source",
            "as_of",
            "updated_at",
        ]


class ValueSerializer(serializers.ModelSerializer[PropertyValueHistory]):
    revoked = serializers.SerializerMethodField(help_text="Revoked or corrected by a later decision.")

    def get_revoked(self, entry: PropertyValueHistory) -> bool:
        return entry.revoked_by is not None

    class Meta:
        model = PropertyValueHistory
        fields = [
            "id",
            "tax_year",
            "effective_date",
            "land_value",
            "improvement_value",
            "total_value",
            "exemptions",
            "certified",
            "revoked",
            "source",
            "recorded_at",
        ]


class SaleSerializer(GeoFeatureModelSerializer):  # type: ignore[misc]  # drf-gis is untyped
    point = GeoJSONField(source="geojson", read_only=True)

    class Meta:
        model = Sale
        geo_field = "point"
        id_field = "id"
        fields = [
            "id",
            "county_id",
            "sale_id",
            "parcel_number",
            "property_id",
            "sale_date",
            "sale_price",
            "deed_code",
            "validity_code",
            "multi_parcel",
            "source",
            "as_of",
            "updated_at",
        ]


class LayerFieldSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    type = serializers.CharField(help_text="text, integer, real, boolean, date or datetime")
    width = serializers.IntegerField(allow_null=True, default=None)
    description = serializers.CharField(default="")


class ReferenceLayerSerializer(serializers.ModelSerializer[ReferenceLayer]):
    field_schema = serializers.SerializerMethodField()
    features = serializers.HyperlinkedIdentityField(view_name="referencelayer-features")

    class Meta:
        model = ReferenceLayer
        fields = [
            "id",
            "county_id",
            "name",
            "title",
            "description",
            "geometry_type",
            "source",
            "as_of",
            "updated_at",
            "features",
            "field_schema",
        ]

    @extend_schema_field(LayerFieldSerializer(many=True))
    def get_field_schema(self, layer: ReferenceLayer) -> Any:
        return LayerFieldSerializer(public_fields(layer), many=True).data


def public_fields(layer: ReferenceLayer) -> list[dict[str, Any]]:
    """The declared fields that are not personal data."""
    return [spec for spec in layer.field_schema if not spec.get("personal")]


class FeatureSerializer(GeoFeatureModelSerializer):  # type: ignore[misc]  # drf-gis is untyped
    """``properties`` are the layer's public fields; the context's ``layer`` lists them."""

    geometry = GeoJSONField(source="geojson", read_only=True)

    class Meta:
        model = ReferenceFeature
        geo_field = "geometry"
        id_field = "feature_key"
        fields = ["feature_key", "attributes"]

    def get_properties(self, instance: ReferenceFeature, fields: object) -> dict[str, Any]:
        # Undeclared attributes stay in too: nobody has said that they are not personal.
        return {spec["name"]: instance.attributes.get(spec["name"]) for spec in public_fields(self.context["layer"])}
