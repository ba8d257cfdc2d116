"""What people decided about proposed values, and why. Rows are added and never changed (migration 0002)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from terrafusion.records.models import County
from valuation.models.job import ValuationJob
from valuation.models.value import PropertyValuation


class Step(models.TextChoices):
    OVERRIDE = "override", "Override: a person's figure in place of the run's"
    REVIEW = "review", "Review: found right"
    SEND_BACK = "send_back", "Send back: reviewed or rejected values are proposals again"
    REJECT = "reject", "Reject: not to be certified"
    CERTIFY = "certify", "Certify: the county's value from a date on"
    CORRECT = "correct", "Correct: another figure in place of a certified one"
    REVOKE = "revoke", "Revoke: a decision is undone"


class Decision(models.Model):
    """One act of one person about values of a run, one or many. ``selection`` is what was asked for."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    county = models.ForeignKey(County, on_delete=models.PROTECT, related_name="+")
    job = models.ForeignKey(ValuationJob, on_delete=models.PROTECT, related_name="decisions")
    step = models.CharField(max_length=9, choices=Step.choices)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(db_default=Now(), editable=False)
    reason = models.TextField(help_text="Why, in words that stand in a hearing.")
    selection = models.JSONField(help_text="Which values of the run were meant.")
    effective_date = models.DateField(null=True, blank=True)
    tax_year = models.PositiveSmallIntegerField(null=True, blank=True)
    parcels = models.PositiveIntegerField(help_text="How many values it is about.")
    preview = models.UUIDField(  # one preview, one decision
        null=True, unique=True, editable=False, help_text="The preview that it carried out."
    )
    revokes = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="revocations",
        help_text="The decision that it revokes.",
    )

    class Meta:
        ordering = ["-decided_at", "-id"]
        indexes = [
            models.Index(fields=["job", "-decided_at", "-id"], name="decision_job"),
            models.Index(fields=["county", "-decided_at", "-id"], name="decision_county"),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.parcels} of {self.job_id}"


class DecidedValue(models.Model):
    """One value that a decision is about: the figures that stood before and after it."""

    decision = models.ForeignKey(  # the constraint's index begins with it
        Decision, on_delete=models.PROTECT, related_name="values", db_index=False
    )
    valuation = models.ForeignKey(PropertyValuation, on_delete=models.PROTECT, related_name="decisions")
    state_before = models.CharField(max_length=9)
    value_before = models.BigIntegerField(null=True)
    value_after = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["decision", "valuation"], name="a_decision_names_a_value_once"),
        ]

    def __str__(self) -> str:
        return f"{self.decision_id} {self.valuation_id}"
