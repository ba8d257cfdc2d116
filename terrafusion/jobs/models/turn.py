"""When whose job was last begun."""

from __future__ import annotations

from django.db import models


class Turn(models.Model):
    """Kept by ``turns.py``: one row for each lane, county and user. It outlives none of them for long, so it refers to
    them by value; user 0 is nobody."""

    lane = models.CharField(max_length=100)
    county_id = models.CharField(max_length=32)
    user_id = models.BigIntegerField()
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lane", "county_id", "user_id"], name="one_turn_per_user")]

    def __str__(self) -> str:
        return f"{self.lane} {self.county_id} {self.user_id} {self.taken_at}"
