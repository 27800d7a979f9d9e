#!/usr/bin/env python
"""Run a management command of the portal."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hospital_collab.settings.portal")
    if sys.argv[1:2] in (["runportal"], ["gauntlet"], ["gauntlet_chat"]):
        # Settings are read once, so the embedded services' addresses must stand in the environment before.
        from apps.operations import launch, places

        try:
            begin = launch.begin if sys.argv[1] == "runportal" else launch.begin_scratch
            begin(sys.argv[2:])
        except places.OperationsError as error:
            sys.exit(f"portal: {error}")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
