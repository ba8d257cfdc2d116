-- What the faults need to know of the jobs, kept by the database itself: each end of a job, and gates at which an
-- attempt waits. A gate is closed while its phase is in chaos.gate and somebody holds the advisory lock 4711.
CREATE SCHEMA IF NOT EXISTS chaos;
CREATE TABLE IF NOT EXISTS chaos.ends (job_id uuid, status text, at timestamptz DEFAULT clock_timestamp());
CREATE TABLE IF NOT EXISTS chaos.gate (phase text PRIMARY KEY);
TRUNCATE chaos.ends, chaos.gate;

CREATE OR REPLACE FUNCTION chaos.pass() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    here text := CASE
        WHEN OLD.status = 'PENDING' AND NEW.status = 'RUNNING' THEN 'claim'
        WHEN OLD.publishing_as = '' AND NEW.publishing_as <> '' THEN 'announce'
        WHEN OLD.status = 'RUNNING' AND NEW.status = 'COMPLETED' THEN 'finish'
    END;
BEGIN
    IF EXISTS (SELECT FROM chaos.gate WHERE phase = here) THEN
        PERFORM pg_advisory_xact_lock_shared(4711);
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER chaos_pass BEFORE UPDATE ON gis_export_gisexportjob
    FOR EACH ROW EXECUTE FUNCTION chaos.pass();

CREATE OR REPLACE FUNCTION chaos.note_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chaos.ends (job_id, status) VALUES (NEW.job_id, NEW.status);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER chaos_note_end AFTER UPDATE ON gis_export_gisexportjob
    FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status AND NEW.status IN ('COMPLETED', 'FAILED', 'CANCELLED'))
    EXECUTE FUNCTION chaos.note_end();
