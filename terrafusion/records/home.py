"""The front page: what is here, and what to do next."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from terrafusion.records.access import counties_for
from terrafusion.records.models import County


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Open to everybody, so it names only the counties that the user has rights to."""
    counties = counties_for(request.user) if request.user.is_authenticated else County.objects.none()
    context = {"counties": counties, "empty": not County.objects.exists()}
    return render(request, "records/home.html", context)
