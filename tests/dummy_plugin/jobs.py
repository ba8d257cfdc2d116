"""Writes a text file; its parameters make it slow, deaf or broken in the ways that a real plugin can be."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import time

from django.db import connection

from terrafusion.jobs.context import JobContext, Outcome, ResultFile
from terrafusion.jobs.errors import JobError
from tests.dummy_plugin.models import DummyJob

DEADLOCK = "DO $$ BEGIN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END $$"


class Burnt(JobError):
    code = "dummy_burnt"


def execute(job: DummyJob, context: JobContext) -> Outcome:
    parameters = job.resolved
    path = context.workdir / "out.txt"
    lines = parameters.get("lines", 3)
    with path.open("w") as out:
        for number in range(lines):
            out.write(f"{job.flavour} line {number}\n")
    deadline = time.monotonic() + (parameters.get("seconds") or 0)
    while (left := deadline - time.monotonic()) > 0:
        context.checkpoint(100 * (1 - left / parameters["seconds"]), "Stirring.")
        time.sleep(0.05)
    if parameters.get("deaf_seconds"):
        context.checkpoint(message="Deaf.")
        time.sleep(parameters["deaf_seconds"])  # no checkpoint, nothing to stop
    if parameters.get("query_seconds"):
        context.checkpoint(message="Asking.")
        with connection.cursor() as cursor, context.stop_with(connection.connection.cancel_safe):
            cursor.execute("SELECT pg_sleep(%s)", [parameters["query_seconds"]])
    if parameters.get("crash_attempts", 0) >= job.attempt:
        os.kill(os.getpid(), signal.SIGKILL)
    match parameters.get("raise"):
        case "burnt":
            raise Burnt("The dish is burnt.")
        case "bug":
            raise KeyError("secret detail")
        case "full":
            raise OSError(errno.ENOSPC, "No space left on device")
        case "deadlock":
            with connection.cursor() as cursor:
                cursor.execute(DEADLOCK)
        case "exit":
            raise SystemExit(3)
    if parameters.get("no_file"):
        return Outcome("Nothing to write.", summary={"lines": 0})
    content = path.read_bytes()
    name = f"dummy_output/{job.county_id}/{job.job_id}.txt"
    file = ResultFile(path, name, hashlib.sha256(content).hexdigest(), len(content))
    return Outcome(f"{lines} lines.", file, {"lines": lines}, {"lines_written": lines})
