"""Every route of the platform, read from the URL configuration, so that no test forgets a new one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize


@dataclass(frozen=True)
class Route:
    template: str  # such as api/v1/counties/%(pk)s
    parameters: tuple[str, ...]
    view: Any

    def path(self, **values: str) -> str:
        return "/" + self.template % values

    @property
    def methods(self) -> Mapping[str, str]:
        """HTTP methods, for views of DRF."""
        if actions := getattr(self.view, "actions", None):
            return dict(actions)
        return {name: name for name in ("get", "post") if hasattr(getattr(self.view, "view_class", None), name)}


def routes(under: str = "") -> list[Route]:
    return [route for route in _walk(get_resolver().url_patterns, "") if route.template.startswith(under)]


def _walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[Route]:
    for item in patterns:
        regex = prefix + item.pattern.regex.pattern.removeprefix("^")
        if isinstance(item, URLResolver):
            yield from _walk(item.url_patterns, regex)
        else:
            template, parameters = normalize(regex)[0]
            yield Route(template, tuple(parameters), item.callback)
