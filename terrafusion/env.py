"""Reads settings from the environment, and fails loudly with the setting's name.

A value comes from the variable itself or, for secrets, from the file that ``NAME_FILE`` points to. A variable
that is missing without a default, or that does not parse, raises ``ImproperlyConfigured`` naming it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import environ
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")
_env = environ.FileAwareEnv()
_REQUIRED: Any = object()


def _read(name: str, parse: Callable[..., T], default: object) -> T:
    options = {} if default is _REQUIRED else {"default": default}
    try:
        return parse(name, **options)
    except ImproperlyConfigured:
        raise ImproperlyConfigured(f"The setting {name} is missing; .env.example describes it.") from None
    except (ValueError, OSError) as error:
        raise ImproperlyConfigured(f"The setting {name} is not valid: {error}") from None


def text(name: str, default: object = _REQUIRED) -> str:
    """Without the line break that editors leave at the end of a secret's file."""
    value: str = _read(name, _env.str, default)
    return value.rstrip("\r\n")


def integer(name: str, default: object = _REQUIRED, minimum: int = 0) -> int:
    value: int = _read(name, _env.int, default)
    if value < minimum:
        raise ImproperlyConfigured(f"The setting {name} must be at least {minimum}, not {value}.")
    return value


def boolean(name: str, default: object = _REQUIRED) -> bool:
    raw = text(name, str(default) if default is not _REQUIRED else _REQUIRED).strip().lower()
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"The setting {name} must be true or false, not {raw!r}.")


def items(name: str, default: object = _REQUIRED) -> list[str]:
    """A comma-separated list."""
    return [item.strip() for item in _read(name, _env.list, default) if item.strip()]


def database(name: str) -> dict[str, Any]:
    """A PostGIS database URL as Django's settings dictionary; a socket's folder is given as ``?host=/folder``."""
    url = text(name)
    try:
        parsed = environ.Env.db_url_config(url)
    except Exception as error:
        raise ImproperlyConfigured(f"The setting {name} is not a database URL: {type(error).__name__}.") from None
    if parsed.get("ENGINE") not in {"django.contrib.gis.db.backends.postgis", "django.db.backends.postgresql"}:
        raise ImproperlyConfigured(f"The setting {name} must begin with postgis:// : the platform needs PostGIS.")
    options = parsed.get("OPTIONS", {})
    host = options.pop("host", parsed.get("HOST", ""))
    return {**parsed, "HOST": host, "OPTIONS": options, "ENGINE": "django.contrib.gis.db.backends.postgis"}
