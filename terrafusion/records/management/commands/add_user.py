"""``manage.py add_user``: a user, a new password, a right to counties; each only where the command line names it."""

from __future__ import annotations

import os
import secrets
from argparse import BooleanOptionalAction
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from terrafusion.records.models import County, CountyAccess
from terrafusion.words import unknown


class Command(BaseCommand):
    help = (
        "Make a user if there is none of that name, set a new password, give a right to counties. "
        "What the command line does not name stays as it is; what was done is printed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--county", action="append", default=[], help="County id; may be given more than once.")
        parser.add_argument(
            "--role", choices=CountyAccess.Role.values, help="Role in these counties; default for a new right: viewer."
        )
        parser.add_argument(
            "--personal-data",
            action=BooleanOptionalAction,
            default=None,
            help="May, or may not, see owner names and mailing addresses; default for a new right: may not.",
        )
        parser.add_argument(
            "--password-file", type=Path, help="Set a random password and write it to this new file (mode 0600)."
        )

    def handle(
        self,
        *args: Any,
        username: str,
        county: list[str],
        role: str | None,
        personal_data: bool | None,
        password_file: Path | None,
        **options: Any,
    ) -> None:
        given = {"role": role, "may_see_personal_data": personal_data}
        changes = {name: value for name, value in given.items() if value is not None}
        if changes and not county:
            raise CommandError("--role and --personal-data are of a county: name it with --county.")
        counties = _counties(county)
        password = secrets.token_urlsafe(16)
        with _new_secret(password_file, password) if password_file else nullcontext(), transaction.atomic():
            user, made = get_user_model().objects.get_or_create(username=username)
            if password_file:
                user.set_password(password)
                user.save(update_fields=["password"])
            elif made:
                user.set_unusable_password()
                user.save(update_fields=["password"])
            rights = [_give(user, one, changes) for one in counties]
        self.stdout.write(f"Made the user {username}." if made else f"The user {username} was there already.")
        if password_file:
            self.stdout.write(f"Set a new password, which is in {password_file}.")
        elif made:
            self.stdout.write("There is no password yet: set one with --password-file or in the admin.")
        for line in rights:
            self.stdout.write(line)


def _counties(ids: list[str]) -> list[County]:
    counties = County.objects.in_bulk(ids)
    if missing := sorted(set(ids) - set(counties)):
        raise CommandError(unknown("county", *missing, available=County.objects.values_list("id", flat=True)))
    return [county for _, county in sorted(counties.items())]


def _give(user: User, county: County, changes: dict[str, Any]) -> str:
    """Give the user a right to the county, or change in an existing one what ``changes`` names; what was done."""
    access, made = CountyAccess.objects.get_or_create(user=user, county=county, defaults=changes)
    before, after = _worded(access), ""
    if not made:
        for name, value in changes.items():
            setattr(access, name, value)
        if (after := _worded(access)) != before:
            access.save(update_fields=list(changes))
            return f"{county.pk}: {after} (before: {before})."
    return f"{county.pk}: {before}." if made else f"{county.pk}: {before}, as before."


def _worded(access: CountyAccess) -> str:
    return f"{access.role}, {'sees' if access.may_see_personal_data else 'does not see'} personal data"


@contextmanager
def _new_secret(path: Path, secret: str) -> Iterator[None]:
    """Write the secret into a file that is not there yet; take it away again when the block fails."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CommandError(f"{path} exists and is not overwritten: name a new file.") from None
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secret + "\n")
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise
