"""django-q2 and the job lifecycle's clocks. Times are in seconds.

What the choices below avoid is listed in docs/adr/0003-django-q2.md.
"""

from math import ceil
from typing import Any

from terrafusion import env

# The lifecycle's clocks.
JOB_HEARTBEAT = env.integer("JOB_HEARTBEAT", 5, minimum=1)
JOB_LOST_AFTER = env.integer("JOB_LOST_AFTER", 60, minimum=2)  # no heartbeat for so long: the worker is gone
JOB_MAX_ATTEMPTS = env.integer("JOB_MAX_ATTEMPTS", 3, minimum=1)
# The most seconds that a job of the short and of the medium lane is expected to take; the others are long.
JOB_SHORT_SECONDS = env.integer("JOB_SHORT_SECONDS", 20, minimum=0)
JOB_MEDIUM_SECONDS = env.integer("JOB_MEDIUM_SECONDS", 180, minimum=0)
JOB_TIME_LIMIT = env.integer("JOB_TIME_LIMIT", 3600, minimum=1)
JOB_LONG_TIME_LIMIT = env.integer("JOB_LONG_TIME_LIMIT", 6 * 3600, minimum=1)
JOB_REQUEUE_AFTER = env.integer("JOB_REQUEUE_AFTER", 60, minimum=1)  # a pending job that the broker has forgotten
JOB_FINISH_PATIENCE = env.integer("JOB_FINISH_PATIENCE", 300)  # a worker waits so long for the database to come back
JOB_RESULT_DAYS = env.integer("JOB_RESULT_DAYS", 30, minimum=1)  # where the county's settings do not say

# The sweep and the supervisor, both outside the cluster.
SWEEP_INTERVAL = env.integer("SWEEP_INTERVAL", 10, minimum=1)
CANARY_INTERVAL = env.integer("CANARY_INTERVAL", 10, minimum=1)
CANARY_STALE_AFTER = env.integer("CANARY_STALE_AFTER", 60, minimum=2)
SUPERVISOR_STOP_GRACE = env.integer("SUPERVISOR_STOP_GRACE", 20)  # running jobs may take so long to end at a stop

# Seconds that django-q2's own time limit, the last resort, is beyond ours: its way out destroys the worker process.
_LAST_RESORT = JOB_FINISH_PATIENCE + 60


def _cluster(workers: int, time_limit: int) -> dict[str, Any]:
    timeout = time_limit + _LAST_RESORT
    queue_limit = workers  # as many as can begin next: what is dequeued is locked, and waits where nobody sees it
    return {
        "workers": workers,
        "queue_limit": queue_limit,
        "timeout": timeout,
        # The broker's lock starts when a task is dequeued, not when it begins: it may wait for others before it.
        "retry": timeout * (2 + ceil(queue_limit / workers)) + 60,
    }


REDIS_URL = env.text("REDIS_URL", "")
# Names of the queues and their clusters; two installations that share a broker need different ones.
SHORT_CLUSTER = env.text("Q_SHORT_CLUSTER", "short")
MEDIUM_CLUSTER = env.text("Q_MEDIUM_CLUSTER", "medium")
LONG_CLUSTER = env.text("Q_LONG_CLUSTER", "long")
LONG_WORKERS = env.integer("Q_LONG_WORKERS", 1, minimum=1)

Q_CLUSTER: dict[str, Any] = {
    "name": "terrafusion",  # salt of the signatures: one name for the whole installation
    "cluster_name": SHORT_CLUSTER,
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
    **_cluster(env.integer("Q_WORKERS", 2, minimum=1), JOB_TIME_LIMIT),
    "bulk": 1,  # one cluster never takes more than it can begin
    "poll": 0.1,  # the ORM broker's sleep when idle: half of it is added to each job's latency
    "guard_cycle": 1,
    "recycle": env.integer("Q_RECYCLE", 200, minimum=1),  # tasks until a worker is replaced: memory goes back
    "max_rss": env.integer("Q_MAX_RSS_KB", 600_000, minimum=1),
    "save_limit": -1,  # keep no success rows (0 keeps all, another number locks them all at each save)
    "ack_failures": True,  # stamped on a task when it is enqueued, so web and workers must share this
    "catch_up": False,
    "scheduler": False,  # nothing is scheduled in django-q2: the sweep has its own loop
    "max_attempts": 1,
    "ALT_CLUSTERS": {
        MEDIUM_CLUSTER: _cluster(env.integer("Q_MEDIUM_WORKERS", 1, minimum=1), JOB_TIME_LIMIT),
        LONG_CLUSTER: _cluster(LONG_WORKERS, JOB_LONG_TIME_LIMIT),
    },
}
