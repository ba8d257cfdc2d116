"""Sending a result file, whole or one of the files in it: all of it, a range of it, or a redirect to where the storage
has it (RFC 9110).

A request for several ranges gets the whole file, as the RFC allows.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO

from django.http import FileResponse, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.http import parse_etags
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from terrafusion.api.errors import Conflict, Gone, RangeNotSatisfiable
from terrafusion.api.problems import problem_response
from terrafusion.jobs import intact, personal_data
from terrafusion.jobs.context import Member
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.publish import is_local, media
from terrafusion.jobs.states import Status

log = logging.getLogger(__name__)

CHUNK = 256 * 1024
_SINGLE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE)
_SHOWN = ("image/svg+xml", "image/png", "application/pdf", "application/json", "text/html")
"""What a browser may show instead of saving it."""
_MARKUP = ("image/svg+xml", "text/html")
_ALONE = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
"""Content-Security-Policy of markup that is shown: it runs nothing and loads nothing."""


def check_available(job: AbstractJob) -> None:
    """Conflict, Gone or NotFound where the job has no result file."""
    if job.status == Status.EXPIRED:
        raise Gone("The result has expired; rerun the job to get it again.", "result_expired")
    if job.status != Status.COMPLETED:
        raise Conflict(f"The job is {job.status} and has no result.", "job_not_completed")
    if not job.result_file:
        raise NotFound("This job has no result file.", code="no_result_file")


def respond(request: Request, job: AbstractJob, member: Member | None = None) -> HttpResponseBase:
    """The file of a job that is ``check_available``, or one ``member`` of it; NotFound when it is not in storage,
    Conflict when it is not the one that was made (``intact``).

    A member never redirects, because a signed URL is of whole files only.
    """
    if member is None and not is_local():
        _check_intact(job, hashed=False)
        _record(request, job)
        return HttpResponseRedirect(media().url(job.result_file))

    etag = f'"{member.sha256 if member else job.result_file_sha256}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",  # rights may change: ask each time, the ETag makes it cheap
        "X-Content-Type-Options": "nosniff",
    }
    kind = member.media_type.partition(";")[0] if member else ""
    shown = kind in _SHOWN and request.query_params.get("inline") == "true"
    if shown and kind in _MARKUP:
        headers["Content-Security-Policy"] = _ALONE
    if _matches(etag, request.headers.get("If-None-Match", "")):
        return HttpResponse(status=304, headers=headers)
    _check_intact(job)
    try:
        file = media().open(job.result_file)
    except FileNotFoundError:
        raise _missing() from None
    wanted = request.headers.get("Range", "") if request.method == "GET" else ""
    if request.headers.get("If-Range", etag) != etag:
        wanted = ""
    begin, size = (member.offset, member.size) if member else (0, file.size)
    try:
        part = byte_range(wanted, size)
    except RangeNotSatisfiable as refused:
        file.close()
        response: HttpResponseBase = problem_response(request._request, 416, refused.default_code, str(refused.detail))
        response["Content-Range"] = f"bytes */{size}"
        return response
    filename = member.name if member else job.download_name
    try:
        _record(request, job, member, partly=part is not None)
    except BaseException:
        file.close()
        raise
    response = FileResponse(
        file,
        as_attachment=not shown,
        filename=filename,
        content_type=member.media_type if member else None,  # None: guessed from the name
        headers=headers,
    )
    first, last = part or (0, size - 1)
    response["Content-Length"] = str(last - first + 1)
    if part is not None:
        response.status_code = 206
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
    if part is not None or member is not None:
        response.streaming_content = _slice(file, begin + first, last - first + 1)
    return response


def _record(request: Request, job: AbstractJob, member: Member | None = None, *, partly: bool = False) -> None:
    """The entry names the stored file, which no other job has; what it is called for people may be another's, too."""
    if request.method != "HEAD":  # which sends nothing of it
        name = member.name if member else PurePosixPath(job.result_file).name
        personal_data.record_sent(request.user, job, name, partly=partly)


def _check_intact(job: AbstractJob, *, hashed: bool = True) -> None:
    try:
        fault = intact.fault(job, hashed=hashed)
    except FileNotFoundError:
        raise _missing() from None
    if fault:
        log.error("%s: %s: %s", job.pk, job.result_file, fault, extra={"job_id": job.pk})
        raise Conflict(f"{fault} Rerun the job to get it again, and inform your administrator.", "result_file_damaged")


def _missing() -> NotFound:
    return NotFound("The result file is missing from storage.", code="result_file_missing")


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte of a Range header, both included; None to send the whole file.

    A header that is malformed, of another unit or of several ranges is ignored, as RFC 9110 says. Raises
    RangeNotSatisfiable when the range lies outside the file.
    """
    match = _SINGLE_RANGE.fullmatch(header)
    if match is None or match.groups() == ("", ""):
        return None
    start, end = match.groups()
    if not start:
        length = min(int(end), size)
        if length == 0:
            raise RangeNotSatisfiable()
        return size - length, size - 1
    first, last = int(start), min(int(end or size - 1), size - 1)
    if end and int(end) < int(start):
        return None
    if first >= size:
        raise RangeNotSatisfiable()
    return first, last


def _matches(etag: str, header: str) -> bool:
    """Weak comparison, as RFC 9110 asks of If-None-Match."""
    return any(candidate == "*" or candidate.removeprefix("W/") == etag for candidate in parse_etags(header))


def _slice(file: IO[bytes], first: int, length: int) -> Iterator[bytes]:
    file.seek(first)
    while length > 0 and (chunk := file.read(min(CHUNK, length))):
        length -= len(chunk)
        yield chunk
