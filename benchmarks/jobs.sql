-- :jobs finished exports of 20 users in 8 counties, one every 63 seconds before now; a tenth of them failed.
INSERT INTO auth_user (username, password, first_name, last_name, email, is_superuser, is_staff, is_active, date_joined)
SELECT 'other' || n, '', '', '', '', false, false, true, now() FROM generate_series(1, 20) n ON CONFLICT DO NOTHING;

INSERT INTO records_county (id, name, fips, state, state_plane_srid)
SELECT 'OTHER' || n, 'Other county ' || n, '', 'WA', 2285 FROM generate_series(1, 8) n ON CONFLICT DO NOTHING;

INSERT INTO gis_export_gisexportjob (
    job_id, county_id, submitted_by_id, export_format, layers, parameters, resolved, options, idempotency_key,
    request_digest, read_counties, read_role, contains_personal_data, attempt, worker, estimated_records, publishing_as,
    created_at, updated_at, enqueued_at, started_at, completed_at, expires_at,
    status, progress, message, error_code, fingerprint, result_file, result_file_bytes, result_file_sha256,
    result_members, result_summary, record_count)
SELECT
    gen_random_uuid(), 'OTHER' || 1 + n % 8, others.first + n % 20, (ARRAY['CSV', 'GeoPackage', 'GeoJSON'])[1 + n % 3],
    '{parcels}', '{}', '{"crs": 4326}', '{}', '', md5(n::text) || md5(n::text), '{}', 'viewer', false, 1, 'host:1', 500, '',
    begun, begun, begun, begun, begun + interval '2 seconds', begun + interval '30 days',
    CASE WHEN n % 10 = 0 THEN 'FAILED' WHEN begun > now() - interval '30 days' THEN 'COMPLETED' ELSE 'EXPIRED' END, 100,
    '500 records.', CASE WHEN n % 10 = 0 THEN 'internal_error' ELSE '' END,
    CASE WHEN n % 10 = 0 THEN '' ELSE md5(n::text) || md5((-n)::text) END,
    CASE WHEN n % 10 <> 0 AND begun > now() - interval '30 days' THEN 'gis_exports/' || n || '.csv' ELSE '' END,
    100000, md5(n::text) || md5((-n)::text), '[]', '{}', 500
FROM
    (SELECT n, now() - n * interval '63 seconds' AS begun FROM generate_series(1, :jobs) n) job,
    (SELECT min(id) AS first FROM auth_user WHERE username LIKE 'other%') others;
