"""gunicorn's log in our formats. Its own lines of requests have the query, whose values may be of persons."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from gunicorn.glogging import Logger as GunicornLogger

from terrafusion.logs.formats import FORMATS

if TYPE_CHECKING:
    from datetime import timedelta

    from gunicorn.config import Config
    from gunicorn.http.message import Request
    from gunicorn.http.wsgi import Response

_QUERY = re.compile(r"\?[^\s'\"]*")


class Logger(GunicornLogger):  # type: ignore[misc]  # it has no types
    """Used by gunicorn's master, too, which knows no settings of Django: the format comes from the environment."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        formatter = FORMATS.get(os.environ.get("LOG_FORMAT") or "text", FORMATS["text"])()
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            handler.setFormatter(formatter)

    def access(self, resp: Response, req: Request, environ: dict[str, Any], request_time: timedelta) -> None:
        if not self.access_log_enabled:
            return
        fields = {
            "client": environ.get("REMOTE_ADDR", ""),
            "method": environ["REQUEST_METHOD"],
            "path": environ["RAW_URI"].partition("?")[0],
            "status": int(str(resp.status).split(None, 1)[0]),
            "bytes": resp.sent,
            "ms": round(request_time.total_seconds() * 1000),
        }
        line = '%(client)s "%(method)s %(path)s" %(status)s %(bytes)s bytes %(ms)s ms'
        self.access_log.info(line, fields, extra={"fields": fields})

    def warning(self, msg: str, *args: Any, **more: Any) -> None:
        """What it cannot parse it quotes."""
        super().warning(_QUERY.sub("?", msg), *args, **more)

    def exception(self, msg: str, *args: Any, **more: Any) -> None:
        super().exception(msg, *(_QUERY.sub("?", str(value)) for value in args), **more)
