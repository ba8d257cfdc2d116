"""The county of a request's body."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from terrafusion.records.access import Role, counties_for, require
from terrafusion.records.models import County


@extend_schema_field(str)
class CountyField(serializers.PrimaryKeyRelatedField[County]):
    """The id of a county that the user may see; another one is refused with the list of those. ``at_least``: who has
    less than this role there is refused before anything else is looked at, for that may cost much."""

    default_error_messages = {"does_not_exist": "Unknown county {pk_value!r:.60}. Available to you: {known}."}

    def __init__(self, *, at_least: Role = Role.VIEWER, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.at_least = at_least

    def get_queryset(self) -> QuerySet[County]:
        return counties_for(self.context["request"].user)

    def to_internal_value(self, data: Any) -> County:
        county: County = super().to_internal_value(data)
        if self.at_least != Role.VIEWER:
            require(self.context["request"].user, self.at_least, county.pk)
        return county

    def fail(self, key: str, **kwargs: Any) -> NoReturn:
        if key == "does_not_exist":
            kwargs["known"] = ", ".join(self.get_queryset().values_list("pk", flat=True)) or "none"
        super().fail(key, **kwargs)
