"""Seattle's sales again and again as the records of a county: what analyses read in the benchmark."""

from __future__ import annotations

import pandas as pd
import psycopg

from benchmarks import platform

_STATEMENTS = """
INSERT INTO records_county (id, name, fips, state, state_plane_srid)
VALUES ('{county}', 'Benchmark Sales', '53033', 'WA', 2926);
INSERT INTO records_propertyoperational (
    county_id, parcel_number, situs_address, situs_city, situs_postal_code, owner_name, mailing_address, mailing_city,
    mailing_state, mailing_postal_code, property_class, use_code, use_description, zoning, neighborhood, lot_area_sqft,
    living_area_sqft, year_built, effective_year_built, quality, condition, bedrooms, bathrooms, point, source,
    updated_at)
SELECT DISTINCT ON (copy, parcel_number)
    '{county}', copy || parcel_number, '', '', '', '', '', '', '', '', 'Residential', use_code, '', '', neighborhood,
    lot_area_sqft, living_area_sqft, year_built, effective_year_built, quality, '', bedrooms, bathrooms,
    ST_Point(longitude, latitude, 4326), 'generated', now()
FROM sold, generate_series(1, {copies}) AS copy ORDER BY copy, parcel_number, sale_date DESC;
INSERT INTO records_sale (
    county_id, sale_id, parcel_number, property_id, sale_date, sale_price, deed_code, validity_code, multi_parcel,
    point, source, updated_at)
SELECT '{county}', copy || '-' || sale_id, p.parcel_number, p.id, sale_date,
    round(sale_price * (0.95 + hashint8(n * 1000 + copy)::bigint % 100000 / 1000000.0)), '', '', false, p.point,
    'generated', now()
FROM sold CROSS JOIN generate_series(1, {copies}) AS copy
JOIN records_propertyoperational p ON p.county_id = '{county}' AND p.parcel_number = copy || sold.parcel_number
ORDER BY copy, n LIMIT {rows};
"""


def county_of(sales: pd.DataFrame, rows: int) -> str:
    """The id of a county that has ``rows`` sales: copies of ``sales`` with some noise in the price."""
    county = f"SALES{rows}"
    with psycopg.connect(platform.conninfo(), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM records_county WHERE id = %s", [county]).fetchone():
            return county
        print(f"Generating {rows:,} sales...", flush=True)
        columns = {
            "sale_id": "text",
            "parcel_number": "text",
            "sale_date": "date",
            "sale_price": "bigint",
            "use_code": "text",
            "neighborhood": "text",
            "lot_area_sqft": "float",
            "living_area_sqft": "float",
            "year_built": "smallint",
            "effective_year_built": "smallint",
            "quality": "text",
            "bedrooms": "smallint",
            "bathrooms": "float",
            "longitude": "float",
            "latitude": "float",
        }
        with connection.transaction():
            # Foreign keys are checked when the transaction ends, row by row, which would take minutes.
            connection.execute("SET LOCAL session_replication_role = replica")
            kinds = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            connection.execute(f"CREATE TEMPORARY TABLE sold (n serial, {kinds}) ON COMMIT DROP")
            with connection.cursor().copy(f"COPY sold ({', '.join(columns)}) FROM STDIN (FORMAT csv)") as copy:
                copy.write(sales[list(columns)].to_csv(index=False, header=False))
            connection.execute("ANALYZE sold")
            for statement in _STATEMENTS.format(county=county, copies=-(-rows // len(sales)), rows=rows).split(";\n"):
                if statement.strip():
                    connection.execute(statement)
        connection.execute("VACUUM ANALYZE records_propertyoperational, records_sale")
    return county
