"""Make the first person who may administer the portal, or give IT to somebody who is there."""

import getpass
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.people import actions
from apps.people.models import StaffType, User


class Command(BaseCommand):
    help = "Give somebody the role IT; makes the account when there is none, and asks for its password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("staff_number")
        parser.add_argument("--name", help="the name in Latin letters or Hangul, for a new account")
        parser.add_argument("--why", default="first administrator of this installation", help="auditors read it")
        parser.add_argument(
            "--password-stdin", action="store_true", help="read the password of a new account from stdin"
        )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(staff_number__iexact=options["staff_number"]).first()
        if user is None:
            user = self._make(options)
        elif not user.is_active:
            raise CommandError(f"{options['staff_number']} is deactivated; choose somebody who is active.")
        actions.appoint_it(user=user, by=None, why=options["why"])
        self.stdout.write(
            f"{user.staff_number} is IT now and signs in at the portal's address; the administration is at /admin/."
        )

    def _make(self, options: dict[str, Any]) -> User:
        name = options["name"]
        if not name:
            raise CommandError(f"There is no {options['staff_number']}: give --name to make the account.")
        field = "name_ko" if "\uac00" <= name[0] <= "\ud7a3" else "name_en"
        user = User(staff_number=options["staff_number"], job=StaffType.ADMINISTRATION, **{field: name})
        password = sys.stdin.readline().rstrip("\n") if options["password_stdin"] else getpass.getpass()
        try:
            user.set_password(password)
            user.full_clean(exclude=["password"])
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        user.save()
        return user
