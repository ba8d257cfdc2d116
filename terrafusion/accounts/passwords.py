"""A token ends with the password under which it was made, however that is changed: a page, a command, SQL.

Each token carries a mark of its owner's password hash, which a lookup compares with the owner's as it is.
"""

from __future__ import annotations

from collections.abc import Collection
from hashlib import sha256

from django.contrib.auth.models import User
from django.db.models.signals import pre_save
from django.dispatch import receiver

from terrafusion.accounts.models import Token


def mark(user: User) -> str:
    """Of the hash of the user's password, which it does not show."""
    return sha256(user.password.encode()).hexdigest()


@receiver(pre_save, sender=User)
def _follow_rehash(instance: User, update_fields: Collection[str] | None, **_: object) -> None:
    """When a new version of Django hashes harder, a sign-in hashes the same password anew: the tokens stay.

    ``_password`` is None in the instance itself only after ``check_password`` did that; a change leaves the password
    there until it is saved.
    """
    rehashed = instance.__dict__.get("_password", "") is None and instance.has_usable_password()
    if rehashed and set(update_fields or ()) == {"password"}:
        before = User.objects.only("password").get(pk=instance.pk)
        Token.objects.filter(user=instance, password_mark=mark(before)).update(password_mark=mark(instance))
