"""The sales that can pass the screening, as a query: for refusing a request that has too few of them when it is
submitted, without reading them."""

from __future__ import annotations

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, ExtractYear, Trim, Upper

from terrafusion.records.models import Sale
from terrafusion.records.sales.frame import SalesQuery
from terrafusion.records.sales.rules import Rules


def candidates(query: SalesQuery, rules: Rules) -> QuerySet[Sale]:
    """The sales that no rule about one sale by itself excludes. Screening keeps these or fewer: duplicates, resales and
    outliers show only beside other sales. ``query.place`` is not looked at."""
    sales = Sale.objects.filter(county=query.county_id, sale_price__gte=max(rules.min_price, 1)).order_by()
    if query.start is not None:
        sales = sales.filter(sale_date__gte=query.start)
    if query.end is not None:
        sales = sales.filter(sale_date__lte=query.end)
    if query.property_classes:
        sales = sales.filter(property__property_class__in=list(query.property_classes))
    if query.area is not None:
        sales = sales.alias(at=Coalesce("point", "property__point")).filter(at__intersects=query.area)
    if rules.max_price is not None:
        sales = sales.filter(sale_price__lte=rules.max_price)
    if not rules.multi_parcel:
        sales = sales.filter(multi_parcel=False)
    sales = sales.alias(code=Upper(Trim("validity_code")), deed=Upper(Trim("deed_code")))
    if rules.valid_codes:
        sales = sales.filter(code__in=_folded(rules.valid_codes))
    sales = sales.exclude(code__in=_folded(rules.invalid_codes)).exclude(deed__in=_folded(rules.excluded_deeds))
    return sales.alias(year=ExtractYear("sale_date")).exclude(property__year_built__gt=F("year"))


def count(sales: QuerySet[Sale], enough: int) -> int:
    """How many there are, counted up to ``enough``."""
    return sales[:enough].count()


def _folded(codes: tuple[str, ...]) -> list[str]:
    return [code.strip().upper() for code in codes]
