"""Tokens in the admin: whose there are, and an end to them; their owners make them, over REST. And the record of
sign-ins, which nobody changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from terrafusion.accounts import people_admin, tokens
from terrafusion.accounts.lookup import is_good
from terrafusion.accounts.models import AccountEvent, Token
from terrafusion.records.record_admin import CappedPaginator

if TYPE_CHECKING:  # Django's own class takes no type parameters at run time
    TokenTable = admin.ModelAdmin[Token]
    EventTable = admin.ModelAdmin[AccountEvent]
else:
    TokenTable = EventTable = admin.ModelAdmin


__all__ = ["AccountEventAdmin", "TokenAdmin", "people_admin"]


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
        return is_good(token)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Token) -> None:
        tokens.revoke([obj], request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        tokens.revoke(queryset, request)


@admin.register(AccountEvent)
class AccountEventAdmin(EventTable):
    list_display = ("at", "kind", "username", "address", "note")
    list_filter = ("kind",)
    search_fields = ("username__exact", "address__startswith")
    search_help_text = "A username, or how an address begins."
    date_hierarchy = "at"
    fields = readonly_fields = list_display
    sortable_by = ()
    show_full_result_count = False
    paginator = CappedPaginator

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AccountEvent | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AccountEvent | None = None) -> bool:
        return False
