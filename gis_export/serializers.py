"""Export jobs over REST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from gis_export import parameters
from gis_export.formats import registry
from gis_export.formats.base import Format
from gis_export.models import GisExportJob
from gis_export.request import ExportRequest, build
from terrafusion.api.fields import NamesField
from terrafusion.jobs.api.serializers import JobResultSerializer, JobStatusSerializer
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.request import AreaField, Faults, ParametersField, RunSerializer
from terrafusion.records.access import Role
from terrafusion.records.api.county import CountyField

_AREA_HELP = (
    'Empty for the whole county, or {"type": "bbox", "coordinates": [west, south, east, north]}, a GeoJSON Polygon, '
    'MultiPolygon, Feature or FeatureCollection, or {"type": "wkt", "wkt": "POLYGON ((...))"}, each with an optional '
    '"crs" such as "EPSG:2926"; {"type": "parcels", "parcels": ["0001"]}; {"type": "district", "layer": "zoning", '
    '"where": {"ZCODE": "C-1"}}; {"type": "buffer", "parcels": ["0001"], "distance": 300, "units": "ft"}; '
    '{"type": "upload", "id": "..."}, of POST areas; or a list of areas. docs/user/areas.md describes each.'
)


class FormatField(serializers.ChoiceField):
    """A list to choose from in forms and in the schema. Any text passes: ``gis_export.request`` checks it,
    together with all other members of the request."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__([(f.name, f.label) for f in registry.all_formats().values()], **kwargs)

    def to_internal_value(self, data: object) -> str:
        name: str = serializers.CharField().run_validation(data)
        return name


class ExportRunSerializer(RunSerializer):
    """The body of ``run`` and ``estimate``."""

    export_format = FormatField(help_text="A name from GET formats, such as GeoPackage.")
    county_id = CountyField(at_least=Role.ANALYST, help_text="The county's id.")
    layers = NamesField(allow_empty=False, max_length=50, help_text="Names from GET layers, with commas in a form.")
    area_of_interest = AreaField(help_text=_AREA_HELP)
    parameters = ParametersField(
        parameters.ALL, help_text="How the export is made; see docs/user/parameters.md for examples."
    )

    def build(self, members: Mapping[str, Any], faults: Faults) -> ExportRequest | None:
        return build(members, self.user, faults)


class GisExportStatusSerializer(JobStatusSerializer):
    """The status object of an export."""

    export_format = serializers.CharField(read_only=True)

    def get_parameters(self, job: AbstractJob) -> dict[str, Any]:
        assert isinstance(job, GisExportJob)  # noqa: S101 - for the type checker
        return {**job.parameters, "area_of_interest": job.area_as_submitted, "layers": job.layers}

    def get_withheld_parameters(self, job: AbstractJob) -> dict[str, Any]:
        """All but conditions on personal data, which name people."""
        assert isinstance(job, GisExportJob)  # noqa: S101 - for the type checker
        shown = self.get_parameters(job)
        return {**shown, "where": "withheld"} if job.filters_personal else shown


class GisExportResultSerializer(JobResultSerializer):
    """``result_summary`` is the manifest."""

    result_record_count = serializers.IntegerField(source="record_count", read_only=True, allow_null=True)
    estimated_records = serializers.IntegerField(read_only=True, help_text="At submit.")
    estimated_bytes = serializers.IntegerField(read_only=True, allow_null=True, help_text="At submit.")
    estimated_seconds = serializers.FloatField(read_only=True, allow_null=True, help_text="At submit.")


class LimitSerializer(serializers.Serializer[Any]):
    limit = serializers.CharField(help_text="Its name: max_bytes, format_limits.KML.max_records, max_bytes_per_day...")
    allowed = serializers.IntegerField()
    estimate = serializers.IntegerField(help_text="What it would come to, with what counts already.")


class EstimateSerializer(serializers.Serializer[Any]):
    """What the export would come to; nothing is queued."""

    records = serializers.IntegerField()
    exact = serializers.BooleanField(help_text="The records were counted, not guessed from statistics.")
    bytes = serializers.IntegerField(help_text="Size of the file, from earlier exports of the format.")
    seconds = serializers.FloatField(help_text="Time of the work, without waiting for a worker.")
    layers = serializers.DictField(child=serializers.IntegerField(), help_text="Records of each layer.")
    limits_exceeded = LimitSerializer(many=True, help_text="Limits for which the export would be refused.")


class OptionSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    help = serializers.CharField()
    default = serializers.JSONField(help_text="A text or a whole number.")
    choices = serializers.ListField(child=serializers.CharField(), help_text="Empty for a whole number.")
    minimum = serializers.IntegerField(help_text="Smallest value of a whole number.")
    maximum = serializers.IntegerField(help_text="Largest value of a whole number.")


class FormatLimitSerializer(serializers.Serializer[Any]):
    of = serializers.CharField(help_text="What is counted.")
    maximum = serializers.IntegerField()
    beyond = serializers.CharField(help_text="What is done with more.")


class SigningKeySerializer(serializers.Serializer[Any]):
    """The public key by which anybody can check the manifests of this installation's exports."""

    algorithm = serializers.CharField()
    installation = serializers.CharField(help_text="As in the manifests that the key has signed.")
    public_key = serializers.CharField(help_text="PEM, SubjectPublicKeyInfo.")


class FormatSerializer(serializers.Serializer[Any]):
    """A file format, and what to know of it."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    description = serializers.CharField()
    extension = serializers.CharField()
    media_type = serializers.CharField()
    notes = serializers.ListField(child=serializers.CharField())
    options = OptionSerializer(many=True, help_text="What parameters.options may choose.")
    limits = FormatLimitSerializer(many=True)
    losses = serializers.DictField(
        child=serializers.CharField(), source="may_lose", help_text="What the format may lose, by the kind of loss."
    )
    reproducible = serializers.BooleanField(
        help_text="The same request on the same data gives the same bytes, but for the manifest in a zip."
    )
    multi_layer = serializers.BooleanField(help_text="All layers go into one file; otherwise several are zipped.")
    crs = serializers.SerializerMethodField(help_text="The only CRS that the format allows; null for any.")

    def get_crs(self, file_format: Format) -> str | None:
        return f"EPSG:{file_format.fixed_srid}" if file_format.fixed_srid else None


class FieldSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    type = serializers.CharField()
    width = serializers.IntegerField(allow_null=True)
    unit = serializers.CharField()
    description = serializers.CharField()
    personal = serializers.BooleanField(help_text="Goes out only to those who may see personal data.")


class LayerSerializer(serializers.Serializer[Any]):
    """A layer of a county that can be exported."""

    name = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    geometry_type = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        # As an attribute of the class, the name "fields" is taken by the serializer itself.
        return {**super().get_fields(), "fields": FieldSerializer(many=True)}
