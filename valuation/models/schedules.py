"""A county's own tables for cost and income, with effective dates: loaded from CSV, edited in the admin.

An empty class, code or other text stands for any. For a property the row that names most of what it is wins, and of
those the latest that is effective on the valuation date (``valuation.cost``, ``valuation.income``).
"""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from terrafusion.history.track import track
from terrafusion.records.models import County

_PERCENT = [MinValueValidator(0), MaxValueValidator(100)]
_NOT_NEGATIVE = [MinValueValidator(0)]
_POSITIVE = [MinValueValidator(1e-9)]


def _text(width: int, help_text: str = "Empty for any.") -> models.CharField[str, str]:
    return models.CharField(max_length=width, blank=True, help_text=help_text)


class ScheduleRow(models.Model):
    """What every table has. ``is_example`` rows teach, and are named wherever a value rests on them."""

    county = models.ForeignKey(County, on_delete=models.CASCADE, related_name="+")
    effective_from = models.DateField(help_text="In force from this day on, until a later row.")
    property_class = _text(40)
    use_code = _text(20)
    is_example = models.BooleanField(default=False, help_text="An example, not the county's own figure.")
    source = _text(200, "Where the figure is from.")
    updated_at = models.DateTimeField(auto_now=True)

    key: ClassVar[tuple[str, ...]] = ("property_class", "use_code")
    """What a row is for, besides the day."""
    figures: ClassVar[tuple[str, ...]] = ()
    """The columns that hold its figures."""

    class Meta:
        abstract = True

    def __str__(self) -> str:
        named = [str(getattr(self, name)) for name in self.key]
        return f"{self.county_id} {self.effective_from}: {' '.join(filter(None, named)) or 'any'}"


def _unique(name: str, key: tuple[str, ...]) -> models.UniqueConstraint:
    return models.UniqueConstraint(fields=["county", "effective_from", *key], name=f"one_{name}_per_key")


def _at_least(name: str, column: str, minimum: float = 0) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(**{f"{column}__gte": minimum}), name=f"{name}_{column}"[:60])


def _above(name: str, column: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(**{f"{column}__gt": 0}), name=f"{name}_{column}"[:60])


def _share(name: str, column: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(**{f"{column}__gte": 0, f"{column}__lte": 100}), name=f"{name}_{column}"[:60]
    )


@track(exclude=("updated_at",))
class CostRate(ScheduleRow):
    """Replacement cost new, in dollars a square foot of living area of a building of this size."""

    quality = _text(20)
    size_sqft = models.FloatField("size (sq ft)", validators=_POSITIVE, help_text="Between two sizes: a straight line.")
    rate_per_sqft = models.FloatField("dollars a sq ft", validators=_POSITIVE)
    local_multiplier = models.FloatField(default=1.0, validators=_POSITIVE, help_text="The place's cost level.")

    key = ("property_class", "use_code", "quality", "size_sqft")
    figures = ("rate_per_sqft", "local_multiplier")

    class Meta:
        verbose_name = "cost rate"
        ordering = ["county", "-effective_from", "property_class", "use_code", "quality", "size_sqft"]
        constraints = [
            _unique("cost_rate", ("property_class", "use_code", "quality", "size_sqft")),
            *(_above("cost_rate", name) for name in ("size_sqft", "rate_per_sqft", "local_multiplier")),
        ]


@track(exclude=("updated_at",))
class BuildingLife(ScheduleRow):
    """How long a building lasts, and what is left of it at the end: depreciation by age over life."""

    quality = _text(20)
    condition = _text(20)
    economic_life_years = models.FloatField(validators=_POSITIVE)
    residual_percent = models.FloatField(default=0.0, validators=_PERCENT, help_text="Never depreciated below this.")

    key = ("property_class", "use_code", "quality", "condition")
    figures = ("economic_life_years", "residual_percent")

    class Meta:
        verbose_name = "building life"
        verbose_name_plural = "building lives"
        ordering = ["county", "-effective_from", "property_class", "use_code", "quality", "condition"]
        constraints = [
            _unique("building_life", ("property_class", "use_code", "quality", "condition")),
            _above("building_life", "economic_life_years"),
            _share("building_life", "residual_percent"),
        ]


@track(exclude=("updated_at",))
class LandRate(ScheduleRow):
    """Land: a base lot's value, and dollars a square foot for what a lot has more or less."""

    neighborhood = _text(40)
    zoning = _text(40)
    base_lot_sqft = models.FloatField("base lot (sq ft)", validators=_POSITIVE)
    base_value = models.FloatField("value of the base lot", validators=_NOT_NEGATIVE)
    excess_rate_per_sqft = models.FloatField("dollars a sq ft more", default=0.0, validators=_NOT_NEGATIVE)
    short_rate_per_sqft = models.FloatField("dollars a sq ft less", default=0.0, validators=_NOT_NEGATIVE)

    key = ("neighborhood", "property_class", "use_code", "zoning")
    figures = ("base_lot_sqft", "base_value", "excess_rate_per_sqft", "short_rate_per_sqft")

    class Meta:
        verbose_name = "land rate"
        ordering = ["county", "-effective_from", "neighborhood", "property_class", "use_code", "zoning"]
        constraints = [
            _unique("land_rate", ("neighborhood", "property_class", "use_code", "zoning")),
            _above("land_rate", "base_lot_sqft"),
            *(_at_least("land_rate", name) for name in ("base_value", "excess_rate_per_sqft", "short_rate_per_sqft")),
        ]


@track(exclude=("updated_at",))
class RentRate(ScheduleRow):
    """Market rent, in dollars a square foot and year."""

    neighborhood = _text(40)
    quality = _text(20)
    rent_per_sqft_year = models.FloatField("rent (dollars a sq ft and year)", validators=_POSITIVE)
    other_income_per_sqft_year = models.FloatField(
        "other income (dollars a sq ft and year)", default=0.0, validators=_NOT_NEGATIVE
    )

    key = ("property_class", "use_code", "neighborhood", "quality")
    figures = ("rent_per_sqft_year", "other_income_per_sqft_year")

    class Meta:
        verbose_name = "rent"
        ordering = ["county", "-effective_from", "property_class", "use_code", "neighborhood", "quality"]
        constraints = [
            _unique("rent", ("property_class", "use_code", "neighborhood", "quality")),
            _above("rent", "rent_per_sqft_year"),
            _at_least("rent", "other_income_per_sqft_year"),
        ]


@track(exclude=("updated_at",))
class IncomeRate(ScheduleRow):
    """Vacancy, expenses and the capitalization rate, in percent."""

    neighborhood = _text(40)
    vacancy_percent = models.FloatField(validators=_PERCENT, help_text="Vacancy and collection loss.")
    expense_percent = models.FloatField(
        validators=_PERCENT, help_text="Expenses in percent of the effective gross income."
    )
    reserves_per_sqft_year = models.FloatField(
        "reserves (dollars a sq ft and year)", default=0.0, validators=_NOT_NEGATIVE
    )
    cap_rate_percent = models.FloatField("capitalization rate (percent)", validators=_POSITIVE)
    tax_rate_percent = models.FloatField(
        default=0.0, validators=_NOT_NEGATIVE, help_text="Effective tax rate, added to the capitalization rate."
    )

    key = ("property_class", "use_code", "neighborhood")
    figures = ("vacancy_percent", "expense_percent", "reserves_per_sqft_year", "cap_rate_percent", "tax_rate_percent")

    class Meta:
        verbose_name = "income rate"
        ordering = ["county", "-effective_from", "property_class", "use_code", "neighborhood"]
        constraints = [
            _unique("income_rate", ("property_class", "use_code", "neighborhood")),
            *(_share("income_rate", name) for name in ("vacancy_percent", "expense_percent")),
            _above("income_rate", "cap_rate_percent"),
            *(_at_least("income_rate", name) for name in ("reserves_per_sqft_year", "tax_rate_percent")),
        ]


@track(exclude=("updated_at",))
class RentMultiplier(ScheduleRow):
    """Value over a year's gross rent."""

    neighborhood = _text(40)
    gross_rent_multiplier = models.FloatField(validators=_POSITIVE, help_text="Years of gross rent.")

    key = ("property_class", "use_code", "neighborhood")
    figures = ("gross_rent_multiplier",)

    class Meta:
        verbose_name = "gross rent multiplier"
        ordering = ["county", "-effective_from", "property_class", "use_code", "neighborhood"]
        constraints = [
            _unique("rent_multiplier", ("property_class", "use_code", "neighborhood")),
            _above("rent_multiplier", "gross_rent_multiplier"),
        ]


SCHEDULES: dict[str, type[ScheduleRow]] = {
    "cost": CostRate,
    "life": BuildingLife,
    "land": LandRate,
    "rents": RentRate,
    "rates": IncomeRate,
    "multipliers": RentMultiplier,
}
"""By the names that commands and addresses use."""
