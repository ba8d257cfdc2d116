"""``manage.py add_user``: a user with a right to counties, as the admin's pages would make it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from terrafusion.records.models import County, CountyAccess


class Command(BaseCommand):
    help = "Make a user if there is none of that name, and give the right to counties."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--county", action="append", default=[], help="County id; may be given more than once.")
        parser.add_argument("--role", choices=CountyAccess.Role.values, default=CountyAccess.Role.VIEWER.value)
        parser.add_argument("--personal-data", action="store_true", help="May see owner names and mailing addresses.")
        parser.add_argument(
            "--password-file", type=Path, help="Set a new random password and write it to this file (mode 0600)."
        )

    @transaction.atomic
    def handle(self, *args: Any, username: str, county: list[str], password_file: Path | None, **options: Any) -> None:
        counties = County.objects.in_bulk(county)
        if missing := sorted(set(county) - set(counties)):
            known = ", ".join(County.objects.values_list("id", flat=True)) or "none"
            raise CommandError(f"There is no county {', '.join(missing)}. Counties: {known}.")
        user, made = get_user_model().objects.get_or_create(username=username)
        if password_file is not None:
            password = secrets.token_urlsafe(16)
            user.set_password(password)
            user.save()
            _write_secret(password_file, password)
        elif made:
            user.set_unusable_password()
            user.save()
        for one in counties.values():
            CountyAccess.objects.update_or_create(
                user=user,
                county=one,
                defaults={"role": options["role"], "may_see_personal_data": options["personal_data"]},
            )
        given = f", {options['role']} of {', '.join(sorted(counties))}" if counties else ""
        self.stdout.write(f"{'Made' if made else 'Updated'} the user {username}{given}.")


def _write_secret(path: Path, secret: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret + "\n")
