"""A county's layers, cut by an area of interest, written to files."""

from django.apps import AppConfig


class GisExportConfig(AppConfig):
    name = "gis_export"
    verbose_name = "GIS export"
