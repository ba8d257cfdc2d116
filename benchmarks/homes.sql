-- A county of homes of known worth, and sales of a part of them over five years. :rows, :sales and :'county' are filled in.
SELECT setseed(0.42);
INSERT INTO records_county (id, name, fips, state, state_plane_srid)
VALUES (:'county', 'Generated homes', '', 'WA', 2926);
INSERT INTO records_propertyoperational (
    county_id, parcel_number, situs_address, situs_city, situs_postal_code, owner_name, mailing_address, mailing_city,
    mailing_state, mailing_postal_code, property_class, use_code, use_description, zoning, neighborhood, quality, condition,
    source, lot_area_sqft, living_area_sqft, year_built, stories, bedrooms, bathrooms, total_value, point, geometry, updated_at)
SELECT :'county', lpad(n::text, 8, '0'), n || ' Main St', '', '', '', '', '', '', '', 'Residential',
    CASE WHEN n % 7 = 0 THEN 'townhouse' ELSE 'sfr' END, '', 'R-1', 'N' || ((x * 10)::int * 10 + (y * 10)::int), (5 + grade)::text,
    (ARRAY['Fair', 'Average', 'Good'])[1 + (n % 3)], '', 2000 + 8000 * lot, 700 + 450 * grade + 1200 * size, 1900 + (115 * age)::int,
    1 + n % 2, 2 + (size * 3)::int, 1 + grade / 2, NULL, ST_SetSRID(ST_MakePoint(-122.4 + 0.3 * x, 47.5 + 0.25 * y), 4326), NULL, now()
FROM (SELECT n, random() AS x, random() AS y, random() AS lot, random() AS size, random() AS age, (random() * 5)::int AS grade
      FROM generate_series(1, :rows) AS n) AS homes;
UPDATE records_propertyoperational
SET total_value = (60000 + 12 * lot_area_sqft + living_area_sqft * (90 + 14 * quality::int) * (0.7 + 0.3 * (year_built - 1900) / 115))
    * (1 + 0.4 * sin((ST_X(point) + 122.4) * 30) * cos((ST_Y(point) - 47.5) * 20))
WHERE county_id = :'county';
INSERT INTO records_sale (
    county_id, sale_id, parcel_number, property_id, sale_date, sale_price, deed_code, validity_code, multi_parcel, point, source,
    updated_at)
SELECT :'county', 'S' || row_number() OVER (), parcel_number, id, day, total_value * 1.004 ^ ((day - DATE '2017-01-01') / 30.4)
    * exp(0.12 * (random() + random() + random() + random() - 2)), '', '', false, point, '', now()
FROM (SELECT *, DATE '2017-01-01' + (random() * 1825)::int AS day FROM records_propertyoperational
      WHERE county_id = :'county' ORDER BY md5(parcel_number) LIMIT :sales) AS sold;
-- The roll is last year's.
UPDATE records_propertyoperational SET total_value = total_value * 1.15 WHERE county_id = :'county';
