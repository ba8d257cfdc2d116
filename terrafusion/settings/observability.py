"""Logs and metrics."""

import logging
import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from terrafusion import env
from terrafusion.settings.core import BASE_DIR

# All processes of a machine write their counts here and the metrics page adds them up. prometheus_client reads the
# variable when it is first imported, so it is set here, before any app loads.
PROMETHEUS_MULTIPROC_DIR = env.text("PROMETHEUS_MULTIPROC_DIR", str(BASE_DIR / "build" / "run" / "metrics"))
try:
    Path(PROMETHEUS_MULTIPROC_DIR).mkdir(parents=True, exist_ok=True)
except OSError as error:
    raise ImproperlyConfigured(
        f"The setting PROMETHEUS_MULTIPROC_DIR names a folder that cannot be made: {error}"
    ) from None
os.environ["PROMETHEUS_MULTIPROC_DIR"] = PROMETHEUS_MULTIPROC_DIR

# The page adds up this folder and all below it: containers that share a volume have a folder each.
METRICS_ROOT = env.text("METRICS_ROOT", PROMETHEUS_MULTIPROC_DIR)

# Empty: only this machine may read /metrics.
METRICS_TOKEN = env.text("METRICS_TOKEN", "")

# Empty: no traces, and nothing of OpenTelemetry is imported.
OTLP_ENDPOINT = env.text("OTLP_ENDPOINT", "")
if OTLP_ENDPOINT and not OTLP_ENDPOINT.startswith(("https://", "http://")):
    raise ImproperlyConfigured("The setting OTLP_ENDPOINT must begin with https:// or http://.")

LOG_LEVEL = env.text("LOG_LEVEL", "INFO").upper()
if LOG_LEVEL not in logging.getLevelNamesMapping():
    raise ImproperlyConfigured(f"The setting LOG_LEVEL must be such as INFO or WARNING, not {LOG_LEVEL!r}.")
LOG_FORMAT = env.text("LOG_FORMAT", "text")
if LOG_FORMAT not in ("text", "json"):
    raise ImproperlyConfigured(f"The setting LOG_FORMAT must be text or json, not {LOG_FORMAT!r}.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": f"terrafusion.logs.formats.{LOG_FORMAT.title()}"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # Three lines for each canary; the runner logs the jobs.
    "loggers": {"django-q": {"level": max(logging.WARNING, logging.getLevelName(LOG_LEVEL))}},
}
