"""``make resets``: for DURATION=180 seconds, clients that keep CONNECTIONS=50 connections to the server of `make serve`
ask on each again and again, with pauses between. Writes build/bench/resets.json.

Half of the connections pause for up to 60 seconds, as proxies keep theirs; the other half for about KEEPALIVE=75, when
the server is just closing them. ``closed`` is a connection that a client finds closed before it asks, and replaces; one
that does not look meets it as a reset. ``reset`` is a request that got no answer although the client had looked.
"""

from __future__ import annotations

import http.client
import random
import select
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urlsplit

from benchmarks import platform
from terrafusion import env

_PROXY = 60.0
_AROUND = 1.0


def run() -> None:
    connections, seconds = env.integer("CONNECTIONS", 50, minimum=2), env.integer("DURATION", 180)
    keepalive = env.integer("KEEPALIVE", 75)
    platform.use_benchmark_database()
    pauses: dict[str, Callable[[], float]] = {
        "as_proxies": lambda: random.choice((0.0, random.uniform(0, 2), random.uniform(0, _PROXY))),
        "about_keepalive": lambda: random.uniform(keepalive - _AROUND, keepalive + _AROUND),
    }
    with platform.site() as client, ThreadPoolExecutor(connections) as pool:
        until = time.monotonic() + seconds
        address = urlsplit(client.site).netloc
        asked = {
            name: [pool.submit(partial(_ask, address, pause, until)) for _ in range(connections // 2)]
            for name, pause in pauses.items()
        }
        counts = {name: _total(one.result() for one in threads) for name, threads in asked.items()}
    result = {"connections": connections, "seconds": seconds, "keepalive": keepalive, **counts}
    print(result)
    platform.save("resets", result)


def _ask(address: str, pause: Callable[[], float], until: float) -> Counter[str]:
    """Of one connection at a time: how often there was an answer, a closed connection, or a reset."""
    counts = Counter(answered=0, closed=0, reset=0)
    connection = http.client.HTTPConnection(address, timeout=30)
    while time.monotonic() < until:
        if connection.sock is not None and select.select([connection.sock], [], [], 0)[0]:
            counts["closed"] += 1
            connection.close()
        try:
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            counts["answered"] += 1
        except (ConnectionError, http.client.RemoteDisconnected):
            counts["reset"] += 1
            connection.close()
        time.sleep(max(0.0, min(pause(), until - time.monotonic())))
    connection.close()
    return counts


def _total(counts: Iterable[Counter[str]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(total)


if __name__ == "__main__":
    platform.main(run)
