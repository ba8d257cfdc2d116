"""Which transactions changed which data, so that a result made of unchanged data can be used again."""

from __future__ import annotations

from django.db import models


class DataChange(models.Model):
    """One transaction changed rows of one ``source``. Written by triggers of the database (migration 0003), so that no
    way to change a row is missed; read and compacted by ``terrafusion.records.versions``.

    A row is only ever added: counters that each writer raises would make writers wait for each other.
    """

    source = models.CharField(max_length=100, help_text="A table, and the county or layer whose rows of it changed.")
    transaction = models.BigIntegerField()
    began_at = models.DateTimeField()

    class Meta:
        constraints = [
            # The time keeps apart transactions of one number, before and after a dump is restored elsewhere.
            models.UniqueConstraint(fields=["source", "transaction", "began_at"], name="one_change_per_transaction"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.began_at}"
