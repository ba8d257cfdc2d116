"""The base of every view of the API."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.models import User
from rest_framework.exceptions import NotAuthenticated, ValidationError
from rest_framework.request import Request
from rest_framework.settings import api_settings

from terrafusion.api import keys
from terrafusion.api.serializers import NothingSerializer

if TYPE_CHECKING:
    from rest_framework.views import APIView

    _Base = APIView
else:
    _Base = object


def signed_in(request: Request) -> User:
    """Who the request is from. Raises ``NotAuthenticated`` for nobody."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user


class KnownParameters(_Base):
    """A mixin, before the view's own class: unknown parameters of the query string are refused, and a body where none
    is taken, before anything is done.

    ``list_actions`` answer with a list: there the parameters of its filters and pages are known too, and
    ``StrictFilterBackend`` checks them all. ``query_parameters`` are the others, by action. The action of a view that
    is no viewset is its method: ``get``.
    """

    list_actions: ClassVar[Collection[str]] = ("list",)
    query_parameters: ClassVar[Mapping[str, Collection[str]]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        method = (request.method or "").lower()
        if method == "options" or not hasattr(self, method):  # what a view does not take is answered with 405
            return
        faults = keys.unknown(request.query_params, sorted(self.own_parameters(request)), "parameter")
        if faults and self._action(request) not in self.list_actions:
            raise ValidationError(faults)
        if request.method not in ("GET", "HEAD") and not self._takes_body(request):
            NothingSerializer(data=request.data).is_valid(raise_exception=True)

    def own_parameters(self, request: Request) -> set[str]:
        """The known parameters, but for those of filters and pages."""
        return {api_settings.URL_FORMAT_OVERRIDE or "", *self.query_parameters.get(self._action(request), ())} - {""}

    def _action(self, request: Request) -> str:
        method = (request.method or "").lower()
        return getattr(self, "action", None) or ("get" if method == "head" else method)

    def _takes_body(self, request: Request) -> bool:
        serializer_class = getattr(self, "get_serializer_class", None)  # which only generic views have
        if request.method == "DELETE" or serializer_class is None:
            return False
        return not issubclass(serializer_class(), NothingSerializer)
