from django.db import migrations

# A transaction that changes rows is noted under table and county, as for the records (records 0003), so that results
# that were made of them are not used again.
EVENTS = {
    "INSERT": "REFERENCING NEW TABLE AS touched",
    "UPDATE": "REFERENCING NEW TABLE AS touched OLD TABLE AS before",
    "DELETE": "REFERENCING OLD TABLE AS touched",
    "TRUNCATE": "",
}
NOTED = ["propertyvaluation", "costrate", "buildinglife", "landrate", "rentrate", "incomerate", "rentmultiplier"]
NOTES = [
    (
        f"CREATE TRIGGER note_{event.lower()} AFTER {event} ON valuation_{table} {seen} "
        "FOR EACH STATEMENT EXECUTE FUNCTION records_note_change('county_id')",
        f"DROP TRIGGER note_{event.lower()} ON valuation_{table}",
    )
    for table in NOTED
    for event, seen in EVENTS.items()
]
# A run's rows are seen once it is completed: that is when the layers change. By row, for a heartbeat is no change.
COMPLETED = """
CREATE FUNCTION valuation_note_completed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'INSERT INTO %I.records_datachange (source, transaction, began_at) '
        'VALUES (%L, pg_current_xact_id()::text::bigint, transaction_timestamp()) ON CONFLICT DO NOTHING',
        TG_TABLE_SCHEMA, TG_TABLE_NAME || ' ' || NEW.county_id);
    RETURN NULL;
END $$
"""
COMPLETED_TRIGGER = (
    "CREATE TRIGGER note_completed AFTER INSERT OR UPDATE OF status ON valuation_valuationjob "
    "FOR EACH ROW WHEN (NEW.status = 'COMPLETED') EXECUTE FUNCTION valuation_note_completed()"
)
# What was certified, and what was decided, stays as it is, whoever changes rows.
CERTIFIED = (
    "CREATE TRIGGER certified_stands BEFORE UPDATE OR DELETE ON valuation_propertyvaluation "
    "FOR EACH ROW WHEN (OLD.state = 'certified') EXECUTE FUNCTION records_refuse_certified()"
)
DECIDED = """
CREATE FUNCTION valuation_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A decision is a record and never changes (% %).', TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'restrict_violation';
END $$
"""
RECORDS = ["valuation_decision", "valuation_decidedvalue"]


class Migration(migrations.Migration):

    dependencies = [
        ('valuation', '0001_initial'),
        ('records', '0009_certified_values'),
    ]

    operations = [
        *(migrations.RunSQL(create, drop) for create, drop in NOTES),
        migrations.RunSQL(COMPLETED, "DROP FUNCTION valuation_note_completed"),
        migrations.RunSQL(COMPLETED_TRIGGER, "DROP TRIGGER note_completed ON valuation_valuationjob"),
        migrations.RunSQL(CERTIFIED, "DROP TRIGGER certified_stands ON valuation_propertyvaluation"),
        migrations.RunSQL(DECIDED, "DROP FUNCTION valuation_refuse_change"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER record_stands BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION valuation_refuse_change()",
                f"DROP TRIGGER record_stands ON {table}",
            )
            for table in RECORDS
        ),
    ]
