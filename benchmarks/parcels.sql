-- The county :county of :rows parcels: octagons on a jittered grid, as characteristics and values that vary like a roll's.
-- Deterministic: the same :rows give the same rows.
BEGIN;
INSERT INTO records_county (id, name, fips, state, state_plane_srid)
VALUES (:'county', 'Benchmark County', '53033', 'WA', 2926);
INSERT INTO records_propertyoperational (
    county_id, parcel_number, situs_address, situs_city, situs_postal_code, owner_name, mailing_address, mailing_city,
    mailing_state, mailing_postal_code, property_class, use_code, use_description, zoning, neighborhood, lot_area_sqft,
    living_area_sqft, year_built, effective_year_built, quality, condition, stories, bedrooms, bathrooms, land_value,
    improvement_value, total_value, exemptions, tax_year, geometry, point, source, as_of, updated_at)
SELECT
    :'county', lpad(n::text, 10, '0'), (n % 9900 + 100) || ' ' || (ARRAY['Oak','Maple','Cedar','Alder','Pine'])[n % 5 + 1] || ' St',
    (ARRAY['Northfield','Easton','Weston'])[n % 3 + 1], '98' || lpad((n % 200)::text, 3, '0'),
    'OWNER ' || n, n % 9900 || ' Main St', 'Northfield', 'WA', '98001',
    (ARRAY['residential','commercial','vacant'])[n % 3 + 1], 'R' || n % 40, 'Use number ' || n % 40, 'Z-' || n % 25,
    'N' || n % 60, 4000 + n % 9000 + 0.5, 900 + n % 3000, 1900 + n % 120, 1950 + n % 70,
    (n % 10 + 1)::text, (ARRAY['poor','fair','average','good'])[n % 4 + 1], 1 + (n % 5) * 0.5, n % 6, 1 + (n % 7) * 0.25,
    90000 + n % 300000, 150000 + n % 700000, 240000 + n % 300000 + n % 700000, 0, 2026,
    ST_Multi(ST_MakePolygon(ST_MakeLine(ARRAY[
        ST_Point(x + .0001, y, 4326), ST_Point(x + .0003, y, 4326), ST_Point(x + .0004, y + .0001, 4326),
        ST_Point(x + .0004, y + .0003, 4326), ST_Point(x + .0003, y + .0004, 4326), ST_Point(x + .0001, y + .0004, 4326),
        ST_Point(x, y + .0003, 4326), ST_Point(x, y + .0001, 4326), ST_Point(x + .0001, y, 4326)]))),
    ST_Point(x + .0002, y + .0002, 4326), 'generated', DATE '2026-01-01', now()
FROM (
    SELECT n, -122.5 + (n % 1000) * .0005 + (n * 7919 % 97) * 1e-6 AS x, 47.0 + (n / 1000) * .0005 + (n * 104729 % 89) * 1e-6 AS y
    FROM generate_series(1::bigint, :rows) AS n
) AS grid;
COMMIT;
ANALYZE records_propertyoperational;
