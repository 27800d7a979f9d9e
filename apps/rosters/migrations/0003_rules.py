"""The law and the practice as rows. Only what is missing is written: what IT changed stays as it is."""

from datetime import date
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from apps.rosters.rules.presets import PRESETS, Preset


def fields_of(preset: Preset) -> dict[str, Any]:
    """Return the columns of a preset's row."""
    return {
        "family": preset.family,
        "params": dict(preset.params),
        "level": preset.level,
        "weight": preset.weight,
        "is_waivable": preset.is_waivable,
        "is_on": preset.is_on,
        "jobs": list(preset.jobs),
        "country": preset.country,
        "valid_from": date.fromisoformat(preset.valid_from) if preset.valid_from else None,
        "valid_until": date.fromisoformat(preset.valid_until) if preset.valid_until else None,
        "name_ko": preset.name_ko,
        "name_en": preset.name_en,
        "name_ar": preset.name_ar,
        "source": preset.source,
    }


def write_rules(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    rule = apps.get_model("rosters", "Rule")
    there = set(rule.objects.values_list("code", flat=True))
    rule.objects.bulk_create(
        rule(code=preset.code, **fields_of(preset)) for preset in PRESETS if preset.code not in there
    )


class Migration(migrations.Migration):
    dependencies = [("rosters", "0002_append_only")]

    operations = [migrations.RunPython(write_rules, migrations.RunPython.noop)]
