"""Tokens of the API, and what happened to accounts."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone
from knox.models import AbstractAuthToken


class TokenScope(models.TextChoices):
    READ = "read", "Read"
    WRITE = "write", "Read and write"


class Token(AbstractAuthToken):
    """What a program signs in with, in place of a person and with that person's rights. It is shown once and kept
    nowhere: the row has its SHA-512.

    The library's columns: ``digest``, ``token_key`` (how the token begins, by which people know it), ``user``,
    ``created`` and ``expiry``.
    """

    name = models.CharField(
        max_length=100, blank=True, help_text="What it is for; empty for a sign-in with a password."
    )
    scope = models.CharField(max_length=5, choices=TokenScope.choices, default=TokenScope.WRITE)
    password_mark = models.CharField(max_length=64, editable=False)
    """Of the user's password when the token was made: with another password it is good for nothing."""
    used_at = models.DateTimeField("last used", null=True, editable=False)
    """To the hour: a request that only reads should not write each time."""

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.name} ({self.token_key}...)" if self.name else f"{self.token_key}..."


class EventKind(models.TextChoices):
    SIGNED_IN = "signed_in", "Signed in"
    SIGNED_OUT = "signed_out", "Signed out"
    FAILED = "failed", "Failed to sign in"
    REFUSED = "refused", "Refused after too many failures"
    TOKEN_MADE = "token_made", "Token made"
    TOKEN_REVOKED = "token_revoked", "Token revoked"


class AccountEvent(models.Model):
    """One line of the record. Attempts are counted from it, too."""

    ADMITTED: ClassVar[tuple[EventKind, ...]] = (EventKind.SIGNED_IN, EventKind.TOKEN_MADE)

    at = models.DateTimeField(default=timezone.now, db_index=True)
    kind = models.CharField(max_length=13, choices=EventKind.choices)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="account_events")
    username = models.CharField("account", max_length=150, blank=True, help_text="Empty: there was none of that name.")
    name_mark = models.CharField(max_length=64, editable=False)
    address = models.GenericIPAddressField(null=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-at",)
        # All that is asked at a sign-in is of one name, the latest first.
        indexes = (models.Index(fields=["name_mark", "at"], name="account_event_of_name"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.username or '(no such account)'}"
