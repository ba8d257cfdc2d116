"""Configuration of gunicorn, the web server (names are gunicorn's settings)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker

bind = f"{os.environ.get('WEB_HOST') or '127.0.0.1'}:{os.environ.get('PORT') or '8000'}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
# Threads, because a download holds its worker as long as the client's line takes.
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS") or 8)
timeout = 120
# Seconds that an idle connection is kept. Longer than proxies keep theirs (nginx and AWS 60), so that it is always the
# proxy that ends one: where both end it at once, the request that is just coming gets a reset. Clients that ask for the
# status of a job each second also stay on one connection. An idle one holds a socket and no thread.
keepalive = 75
graceful_timeout = 20
# The most that gunicorn takes: a filter may be long. What is longer gets a plain 400 of its own.
limit_request_line = 8190
# A worker shows that it lives by touching a file; on a disk that stalls it would be killed for nothing.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes a file of its own there
control_socket_disable = True
accesslog = "-"
logger_class = "terrafusion.logs.web_server.Logger"  # LOG_FORMAT; no line has a query


def child_exit(server: Arbiter, worker: Worker) -> None:
    """Gauges of a web process that is gone leave the metrics page; its counts stay."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        # Not at the top: prometheus_client looks at the variable when imported, and the settings may set it later.
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
