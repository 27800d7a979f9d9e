"""What was done to the cells of rosters can only grow: the app role may insert and read, and triggers stop everybody else."""

from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

TABLE = "rosters_shiftevent"
FUNCTION = """
CREATE FUNCTION rosters_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The history of rosters is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = '42501';
END $$
"""
ROWS = f"CREATE TRIGGER rosters_no_change BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION rosters_refuse()"
WHOLE = f"CREATE TRIGGER rosters_no_truncate BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION rosters_refuse()"


def revoke_from_app_role(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    role = settings.DATABASE_APP_ROLE
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        if cursor.fetchone()[0] == role:
            return  # one role for all: the triggers still hold, and `doctor` warns
        cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {TABLE} FROM {schema_editor.quote_name(role)}")


class Migration(migrations.Migration):
    dependencies = [("rosters", "0001_rosters")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION rosters_refuse()"),
        migrations.RunSQL(ROWS, f"DROP TRIGGER rosters_no_change ON {TABLE}"),
        migrations.RunSQL(WHOLE, f"DROP TRIGGER rosters_no_truncate ON {TABLE}"),
        migrations.RunPython(revoke_from_app_role, migrations.RunPython.noop),
    ]
