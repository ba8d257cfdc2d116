"""Whom the answer of an identity provider means, where ``OIDC_SERVER_URL`` is set: an account that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib.auth.models import User
from django.http import HttpRequest

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialLogin


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # the library is not followed by mypy
    def is_open_for_signup(self, request: HttpRequest, sociallogin: object) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """The first time, an account is known by the address of its mail, where the provider has verified it and just
        one active account has it; from then on by the provider's own id, whatever the address becomes."""
        if sociallogin.is_existing:
            return
        verified = [address.email for address in sociallogin.email_addresses if address.verified]
        people = [person for email in verified for person in User.objects.filter(email__iexact=email, is_active=True)]
        if len(people) == 1:
            sociallogin.connect(request, people[0])
