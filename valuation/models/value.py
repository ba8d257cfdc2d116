"""The values that runs came to, a row for each parcel; and the sales that evaluate them."""

from __future__ import annotations

import builtins

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.db.models import Case, ExpressionWrapper, F, Q, When
from django.db.models.functions import Coalesce, Least

from terrafusion.records.models import County, PropertyOperational
from valuation.models.job import ValuationJob


class State(models.TextChoices):
    PROPOSED = "proposed"
    REVIEWED = "reviewed"
    CERTIFIED = "certified"
    REJECTED = "rejected"


class PropertyValuation(models.Model):
    """What a run makes of one parcel. Dollars are rounded as the county rounds.

    ``value`` is empty where none could be given; ``flags`` then say why (``valuation.flags``). ``override_value`` is a
    person's own figure, which stands before it. A certified row never changes: the database refuses it (migration
    0002). Parcel number, class and neighborhood are as they were when the value was made.
    """

    # Without indexes of their own: those below begin with job and property, and each row more of an index is paid by
    # every row that a run writes and a decision moves.
    county = models.ForeignKey(County, on_delete=models.PROTECT, related_name="+", db_index=False)
    job = models.ForeignKey(ValuationJob, on_delete=models.CASCADE, related_name="values", db_index=False)
    property = models.ForeignKey(
        PropertyOperational, on_delete=models.CASCADE, related_name="valuations", db_index=False
    )
    parcel_number = models.CharField(max_length=40)
    property_class = models.CharField(max_length=40, blank=True)
    neighborhood = models.CharField(max_length=40, blank=True)

    value = models.BigIntegerField(null=True)
    value_low = models.BigIntegerField(null=True)
    value_high = models.BigIntegerField(null=True)
    land_value = models.BigIntegerField(null=True)
    improvement_value = models.BigIntegerField(null=True)
    land_source = models.CharField(max_length=20, blank=True, default="", help_text="A code of ``valuation.land``.")
    previous_value = models.BigIntegerField(null=True, help_text="The parcel's value before the run.")
    approaches = models.JSONField(default=list)
    comparables = models.JSONField(default=list)
    reasons = models.JSONField(default=dict)
    flags = ArrayField(models.CharField(max_length=40), default=list)

    state = models.CharField(max_length=9, choices=State.choices, default=State.PROPOSED)
    override_value = models.BigIntegerField(null=True, blank=True)
    effective_date = models.DateField(null=True, blank=True)
    tax_year = models.PositiveSmallIntegerField(null=True, blank=True)

    final_value = Coalesce(F("override_value"), F("value"))
    """For queries: the figure that stands."""
    final_land = Case(When(land_value__isnull=False, then=Least(F("land_value"), final_value)))
    """The land's part of it: never above the whole, also where a person's figure is lower than the run's."""
    final_improvement = ExpressionWrapper(final_value - final_land, output_field=models.BigIntegerField())

    class Meta:
        ordering = ["id"]
        verbose_name = "property valuation"
        constraints = [
            models.UniqueConstraint(fields=["job", "property"], name="one_value_per_job_and_property"),
            # Two runs may propose for one day, but one value alone can be certified for it.
            models.UniqueConstraint(
                fields=["property", "effective_date"],
                condition=Q(state=State.CERTIFIED),
                name="one_certified_value_per_property_and_date",
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="valuation_known_state"),
            models.CheckConstraint(
                condition=~Q(state=State.CERTIFIED)
                | (
                    Q(effective_date__isnull=False, tax_year__isnull=False) & (Q(value__gt=0) | Q(override_value__gt=0))
                ),
                name="certified_has_value_and_date",
            ),
            models.CheckConstraint(condition=Q(value__gte=0), name="valuation_not_negative"),
            models.CheckConstraint(condition=Q(override_value__gte=0), name="override_not_negative"),
            models.CheckConstraint(condition=Q(land_value__lte=F("value")), name="land_not_above_value"),
            models.CheckConstraint(
                condition=Q(value_low__lte=F("value"), value_high__gte=F("value")) | Q(value_low=None),
                name="value_lies_in_its_interval",
            ),
        ]
        indexes = [
            models.Index(fields=["job", "id"], name="valuation_cursor"),
            models.Index(fields=["job", "parcel_number"], name="valuation_parcel"),
            models.Index(fields=["property", "-id"], name="valuation_latest"),
            # What is certified is a small part of all that was ever proposed.
            models.Index(
                fields=["county", "property", "-effective_date"],
                name="valuation_certified",
                condition=Q(state=State.CERTIFIED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.county_id} {self.parcel_number}: {self.value}"

    @builtins.property  # the column of that name hides it
    def stands(self) -> int | None:
        """The figure that stands."""
        return self.value if self.override_value is None else self.override_value

    @builtins.property
    def stands_land(self) -> int | None:
        """The land's part of the figure that stands, never above it."""
        return None if self.land_value is None or self.stands is None else min(self.land_value, self.stands)

    @builtins.property
    def stands_improvement(self) -> int | None:
        return None if self.stands is None or self.stands_land is None else self.stands - self.stands_land


class EvaluationSale(models.Model):
    """A sale that values were held against: ``ratio`` is the value over the price brought to the valuation date."""

    county = models.ForeignKey(County, on_delete=models.PROTECT, related_name="+", db_index=False)
    job = models.ForeignKey(ValuationJob, on_delete=models.CASCADE, related_name="evaluation_sales", db_index=False)
    sale_id = models.CharField(max_length=60)
    parcel_number = models.CharField(max_length=40)
    property_class = models.CharField(max_length=40, blank=True)
    neighborhood = models.CharField(max_length=40, blank=True)
    sale_date = models.DateField()
    sale_price = models.BigIntegerField()
    adjusted_price = models.FloatField(help_text="The price, brought to the valuation date.")
    value = models.FloatField()
    ratio = models.FloatField()
    residual = models.FloatField(help_text="The value less the adjusted price, in dollars.")
    point = models.PointField(srid=4326, null=True, spatial_index=False)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["job", "id"], name="evaluation_sale_cursor")]
        db_table = "valuation_judgedsale"  # code of version 0.1 may read it during an upgrade

    def __str__(self) -> str:
        return f"{self.county_id} {self.sale_id}: {self.ratio:.3f}"
