"""The columns that say what it takes to read a row's result."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from terrafusion.jobs.rights import Needs
from terrafusion.records.access import Role


class Guarded(models.Model):
    """Written from ``Needs``; ``rights.refusal`` asks ``needs``."""

    read_counties = ArrayField(
        models.CharField(max_length=32),
        default=list,
        blank=True,
        editable=False,
        help_text="Counties beside its own whose records the result shows.",
    )
    read_role = models.CharField(
        max_length=10, default=Role.VIEWER.value, editable=False, help_text="The lowest role that may read the result."
    )
    contains_personal_data = models.BooleanField(default=False)

    county_id: str

    class Meta:
        abstract = True

    def needs(self) -> Needs:
        return Needs(frozenset(self.read_counties), Role(self.read_role), self.contains_personal_data)
