"""What views are called in the browsable API (apart from pages.py, which DRF imports before its views)."""

from __future__ import annotations

from rest_framework.views import APIView, get_view_name


def view_name(view: APIView) -> str:
    """As people call it: the view's own ``name``, or its model's."""
    model = getattr(getattr(view, "queryset", None), "model", None)
    suffix = getattr(view, "suffix", None)
    if getattr(view, "name", None) is None and model is not None and suffix in ("List", "Instance"):
        meta = model._meta
        return str(meta.verbose_name_plural if suffix == "List" else meta.verbose_name).capitalize()
    return get_view_name(view)
