"""The two forms of a line: ``text`` for people, ``json`` for programs that collect logs."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from terrafusion import db_errors
from terrafusion.logs import ids


class Text(db_errors.Formatter):
    """Time, level, logger, message, and in brackets the ids."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        known = " ".join(f"{name}={value}" for name, value in ids.of_record(record).items())
        line = super().formatMessage(record)
        return f"{line} [{known}]" if known else line


class Json(db_errors.Formatter, JsonFormatter):
    """An object a line. Of what callers attach to a record only ``fields`` is taken over: Django attaches the request,
    whose text has the query."""

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        log_data["time"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        log_data["message"] = record.getMessage()
        log_data["process"] = record.process
        log_data.update(ids.of_record(record))
        log_data.update(getattr(record, "fields", {}))
        for name in ("exc_info", "stack_info"):
            if message_dict.get(name):
                log_data[name] = message_dict[name]


FORMATS: dict[str, type[logging.Formatter]] = {"text": Text, "json": Json}
