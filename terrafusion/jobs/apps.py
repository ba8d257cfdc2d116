"""The job lifecycle, written once."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "terrafusion.jobs"
    label = "jobs"
