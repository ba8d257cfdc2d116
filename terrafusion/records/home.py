"""The front page: what is here, and what to do next."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from terrafusion.records.access import counties_for
from terrafusion.records.models import County


@require_safe
def home(request: HttpRequest, jobs: dict[str, str]) -> HttpResponse:
    """Open to everybody, so it names only the counties that the user has rights to. ``jobs`` are the kinds that may be
    submitted: what they do, and the namespace of their addresses."""
    counties = counties_for(request.user) if request.user.is_authenticated else County.objects.none()
    pages = [(does, reverse(f"{name}:run"), reverse(f"{name}:jobs")) for does, name in jobs.items()]
    context = {"counties": counties, "empty": not County.objects.exists(), "jobs": pages}
    return render(request, "records/home.html", context)
