"""Tokens of the API. The token itself is shown once and kept nowhere: the row has its SHA-512."""

from __future__ import annotations

from django.db import models
from knox.models import AbstractAuthToken


class Scope(models.TextChoices):
    READ = "read", "Read"
    WRITE = "write", "Read and write"


class Token(AbstractAuthToken):
    """What a program signs in with, in place of a person and with that person's rights.

    The library's columns: ``digest``, ``token_key`` (how the token begins, by which people know it), ``user``,
    ``created`` and ``expiry``.
    """

    name = models.CharField(
        max_length=100, blank=True, help_text="What it is for. Without a name: of one sign-in with a password."
    )
    scope = models.CharField(max_length=5, choices=Scope.choices, default=Scope.WRITE)
    password_mark = models.CharField(max_length=64, editable=False)
    """Of the user's password when the token was made: with another password it is good for nothing."""
    used_at = models.DateTimeField("last used", null=True, editable=False)
    """To the hour: a request that only reads should not write each time."""

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.name} ({self.token_key}...)" if self.name else f"{self.token_key}..."
