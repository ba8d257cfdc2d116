"""Finds the formats: every module of this package that sets ``FORMAT``."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from gis_export import formats
from gis_export.formats.base import Format


@cache
def all_formats() -> dict[str, Format]:
    """The formats by name, in alphabetical order."""
    modules = [import_module(f"{formats.__name__}.{module.name}") for module in pkgutil.iter_modules(formats.__path__)]
    registered: list[Format] = [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
    return {each.name: each for each in sorted(registered, key=lambda f: f.name.lower())}


def get(name: str) -> Format:
    """KeyError for a format that there is not."""
    return all_formats()[name]
