"""``manage.py follow_certified_values``: parcels take on certified values whose day has come. Run it daily."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection, transaction

from terrafusion.records import certified
from terrafusion.records.models import County
from terrafusion.words import counted


class Command(BaseCommand):
    help = "Bring the parcels of every county to their certified values that are in force today."

    def handle(self, *args: Any, **options: Any) -> None:
        for county in County.objects.all():
            with transaction.atomic(), connection.cursor() as cursor:
                changed = certified.follow(cursor, county.pk)
            self.stdout.write(f"{county.pk}: {counted(changed, 'parcel')} changed.")
