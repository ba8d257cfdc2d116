"""The sign-in of django-allauth, where ``SECOND_FACTOR`` or ``OIDC_SERVER_URL`` is set: nobody signs up."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # the library is not followed by mypy
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """The library closes an account to everybody after five failures, from wherever: ``attempts`` does that, and
        leaves the owner a way in. Codes of a second factor, which take the password first, keep its limit."""

    def _rollback_login_failed_rl_usage(self) -> None:
        """Nothing was counted."""
