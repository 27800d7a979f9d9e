"""The audit can only grow: the app role may insert and read, and triggers stop everybody else."""

from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

TABLES = ("audit_entry", "audit_seal", "audit_sealed_entry")

FUNCTION = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = '42501';
END $$
"""
DROP_FUNCTION = "DROP FUNCTION audit_refuse()"
ROWS = "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON {} FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
WHOLE = "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"


def revoke_from_app_role(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    role = settings.DATABASE_APP_ROLE
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        if cursor.fetchone()[0] == role:
            return  # one role for all: the triggers still hold, and `doctor` warns
        for table in TABLES:
            cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {schema_editor.quote_name(role)}")


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [
        migrations.RunSQL(FUNCTION, DROP_FUNCTION),
        *(
            migrations.RunSQL(statement.format(table), f"DROP TRIGGER {name} ON {table}")
            for table in TABLES
            for statement, name in ((ROWS, "audit_no_change"), (WHOLE, "audit_no_truncate"))
        ),
        migrations.RunPython(revoke_from_app_role, migrations.RunPython.noop),
    ]
