"""Errors of jobs as HTTP answers them."""

from __future__ import annotations

from rest_framework.exceptions import Throttled

from terrafusion.jobs.errors import TooManyActiveJobs


class TooManyJobs(Throttled):
    """A job is submitted while the user has as many active ones as the county's limit: 429."""

    default_code = TooManyActiveJobs.code
    extra_detail_singular = extra_detail_plural = ""
