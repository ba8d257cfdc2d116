"""The browsable API, made easier to read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer

_NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_NUMBERS = re.compile(rf"\[\s+({_NUMBER}(?:,\s+{_NUMBER})*)\s+\]")


class PageRenderer(BrowsableAPIRenderer):
    def get_content(
        self, renderer: BaseRenderer, data: Any, accepted_media_type: str, renderer_context: Mapping[str, Any]
    ) -> str:
        """Lists of numbers, such as a position, on one line: an outline is then a dozen lines and not a hundred."""
        content = super().get_content(renderer, data, accepted_media_type, renderer_context)
        return _NUMBERS.sub(lambda found: "[" + re.sub(r"\s+", " ", found[1]) + "]", content)
