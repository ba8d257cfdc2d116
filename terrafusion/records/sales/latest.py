"""Each parcel's latest sale that passes the screening, in one statement of SQL.

The rules and their order are those of ``screening.screen``, which says where they come from; both give the same sales.
"""

from __future__ import annotations

from datetime import date
from math import inf, log1p

from psycopg import sql

from terrafusion.records.sales.rules import Rules
from terrafusion.records.sales.screening import MIN_OF_A_GROUP

COLUMNS = {
    "last_valid_sale_id": "sale_id",
    "last_valid_sale_date": "sale_date",
    "last_valid_sale_price": "sale_price",
    "last_valid_sale_deed": "deed_code",
}

_SCREENED = """
WITH every AS (
    SELECT s.id, s.property_id, s.parcel_number, s.sale_id, s.sale_date, s.sale_price, s.deed_code,
        extract(year FROM s.sale_date) AS year, coalesce(p.property_class, '') AS class,
        p.living_area_sqft AS size, p.year_built, p.effective_year_built,
        row_number() OVER (PARTITION BY s.parcel_number, s.sale_date, s.sale_price ORDER BY s.id) AS copy,
        s.multi_parcel, {validity} AS validity, {deed} AS deed
    FROM records_sale s LEFT JOIN records_propertyoperational p ON p.id = s.property_id
    WHERE s.county_id = {county}
), first_rules AS (
    SELECT *, lead(sale_date) OVER later AS next_date, lead(size) OVER later AS next_size,
        lead(greatest(year_built, effective_year_built)) OVER later AS next_built,
        sale_price::float8 / lag(sale_price) OVER later AS rise, sale_date - lag(sale_date) OVER later AS held,
        coalesce(greatest(year_built, effective_year_built) >= lag(year) OVER later, FALSE)
            OR coalesce(size <> lag(size) OVER later, FALSE) AS changed,
        lead(sale_price) OVER later / sale_price::float8 AS next_rise
    FROM every WHERE copy = 1 AND {conditions}
    WINDOW later AS (PARTITION BY parcel_number ORDER BY sale_date, id)
), rated AS (
    SELECT *, coalesce(size > 0, FALSE) AS sized, ln(sale_price / CASE WHEN size > 0 THEN size ELSE 1 END) AS rate
    FROM first_rules
    WHERE NOT coalesce(next_date - sale_date <= {flip_days} AND (next_built >= year OR next_size <> size), FALSE)
        AND NOT coalesce(next_date - sale_date <= {flip_days} AND abs(ln(next_rise)) > {flip_rise}, FALSE)
        AND NOT coalesce(held <= {flip_days} AND NOT changed AND abs(ln(rise)) > {flip_rise}, FALSE)
        AND NOT coalesce(year_built > year, FALSE)
), groups AS (
    SELECT sized, year, class, count(*) AS sales, percentile_cont(0.25) WITHIN GROUP (ORDER BY rate) AS low,
        percentile_cont(0.75) WITHIN GROUP (ORDER BY rate) AS high
    FROM rated GROUP BY sized, year, class
)
SELECT DISTINCT ON (property_id) property_id, {columns}
FROM rated JOIN groups USING (sized, year, class)
WHERE property_id IS NOT NULL AND ({ranges} = 0 OR sales < {minimum}
    OR rate BETWEEN low - {ranges} * (high - low) AND high + {ranges} * (high - low))
ORDER BY property_id, sale_date DESC, id DESC
"""


def latest(county_id: str, rules: Rules, as_of: date) -> sql.Composable:
    """Gives ``property_id`` and ``COLUMNS`` of each parcel's newest sound sale of ``as_of`` or before."""
    conditions: list[sql.Composable] = [
        sql.SQL("sale_date <= {}").format(as_of),
        sql.SQL("sale_price >= {}").format(max(rules.min_price, 1)),
    ]
    if rules.max_price is not None:
        conditions.append(sql.SQL("sale_price <= {}").format(rules.max_price))
    if not rules.multi_parcel:
        conditions.append(sql.SQL("NOT multi_parcel"))
    if rules.valid_codes:
        conditions.append(sql.SQL("validity = ANY({})").format(_folded(rules.valid_codes)))
    conditions.append(sql.SQL("validity <> ALL({})").format(_folded(rules.invalid_codes)))
    conditions.append(sql.SQL("deed <> ALL({})").format(_folded(rules.excluded_deeds)))
    return sql.SQL(_SCREENED).format(
        county=county_id,
        validity=_fold("s", "validity_code"),
        deed=_fold("s", "deed_code"),
        conditions=sql.SQL(" AND ").join(conditions),
        # Without a limit no pair of sales is so near.
        flip_days=rules.flip_days or -1,
        flip_rise=log1p(rules.flip_rise) if rules.flip_rise else inf,
        ranges=rules.outlier_iqr,
        minimum=MIN_OF_A_GROUP,
        columns=sql.SQL(", ").join(
            sql.SQL("{} AS {}").format(sql.Identifier(column), sql.Identifier(name)) for name, column in COLUMNS.items()
        ),
    )


def _fold(table: str, column: str) -> sql.Composable:
    return sql.SQL("upper(btrim({}, E' \\t\\n\\r\\f\\v'))").format(sql.Identifier(table, column))


def _folded(texts: tuple[str, ...]) -> sql.Composable:
    return sql.SQL("{}::text[]").format([text.strip().upper() for text in texts])
