"""Tokens in the admin: whose there are, and an end to them. Their owners make them, over REST."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest

from terrafusion.accounts import tokens
from terrafusion.accounts.models import Token

if TYPE_CHECKING:  # Django's own class takes no type parameters at run time
    TokenTable = admin.ModelAdmin[Token]
else:
    TokenTable = admin.ModelAdmin


@admin.register(Token)
class TokenAdmin(TokenTable):
    """To delete one is to revoke it."""

    list_display = ("token_key", "name", "user", "scope", "created", "expiry", "used_at", "good")
    list_filter = ("scope", "expiry")
    list_select_related = ("user",)
    search_fields = ("token_key__startswith", "name", "user__username")
    fields = readonly_fields = list_display

    @admin.display(boolean=True, description="Good")
    def good(self, token: Token) -> bool:
        return tokens.is_good(token)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return False
