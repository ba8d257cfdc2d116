"""The area of interest of a request."""

from __future__ import annotations

from typing import Any

from terrafusion import areas
from terrafusion.api.fields import OptionalJSONField
from terrafusion.jobs.request.errors import Faults
from terrafusion.records.models import County
from terrafusion.types import AnyUser


class AreaField(OptionalJSONField):
    """Any JSON; ``read_area`` checks it."""

    def __init__(self, **kwargs: Any) -> None:
        style = {"base_template": "textarea.html"}
        super().__init__(**{"required": False, "allow_null": True, "default": None, "style": style, **kwargs})


def read_area(
    given: object, county: County, user: AnyUser, faults: Faults, path: str = "area_of_interest"
) -> areas.Area | None:
    """The area of a request of the user's, within the limits of the county; None for the whole county."""
    if given is None:
        return None
    try:
        return areas.of_request(given, county, user)
    except areas.AreaError as error:
        faults.add(path, *error.messages)
        return None
