"""`manage.py seed_messages`: fill channels with the sentences of text files, as if people had sent them."""

import json
import random
import time
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.core import clock
from apps.messaging.management.seeding import (
    NothingToSeed,
    Seeder,
    choose_channels,
    plan_shares,
    read_sentences,
    seed,
)
from apps.teams.models import Channel


class Command(BaseCommand):
    help = (
        "Store real sentences, one a line of the files, as messages of those who read the channels: numbers, threads and "
        "marks as sending would have made them; nobody is notified. Each run adds; one that was killed leaves no gap."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="files", nargs="+", type=Path, required=True, help="text files, UTF-8")
        parser.add_argument("--count", type=int, required=True, help="how many messages")
        parser.add_argument("--channels", type=int, default=20, help="spread over this many channels (20)")
        parser.add_argument("--channel", type=int, help="all into this one")
        parser.add_argument("--days", type=float, default=365, help="how far back the first message lies (365)")
        parser.add_argument("--seed", type=int, help="repeats a run's choices")
        parser.add_argument("--yes", action="store_true", help="also where real people work")
        parser.add_argument("--dry-run", action="store_true", help="print how many messages each channel would get")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEMO or options["yes"] or options["dry_run"]):
            raise CommandError("Real people work here. Invented messages are stored only with --yes.")
        if options["count"] < 1 or options["channels"] < 1 or options["days"] <= 0:
            raise CommandError("--count, --channels and --days are positive.")
        try:
            sentences = read_sentences(options["files"])
            shares = plan_shares(self.find_channels(options), options["count"])
            if options["dry_run"]:
                self.show_plan(shares, sentences, as_json=options["json"])
                return
            until = clock.now()
            seeder = Seeder(
                sentences,
                seed=random.getrandbits(32) if options["seed"] is None else options["seed"],
                since=until - timedelta(days=options["days"]),
                until=until,
            )
            began = time.monotonic()
            added = seed(seeder, shares, tell=None if options["json"] else self.stdout.write)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"A file cannot be read: {error}") from error
        except NothingToSeed as error:
            raise CommandError(str(error)) from error
        seconds = time.monotonic() - began
        found = {
            "messages": added.messages,
            "replies": added.replies,
            "channels": added.channels,
            "skipped": added.skipped,
            "seconds": round(seconds, 1),
            "messages_s": round(added.messages / seconds),
        }
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False))
            return
        for reason in added.skipped:
            self.stdout.write(f"left out: {reason}")
        self.stdout.write(
            f"{added.messages} messages, {added.replies} of them replies, in {added.channels} channels: {seconds:.1f} s"
        )

    def find_channels(self, options: dict[str, Any]) -> list[int]:
        if options["channel"] is None:
            found = choose_channels(options["channels"])
        else:
            found = list(Channel._default_manager.filter(pk=options["channel"]).values_list("pk", flat=True))
        if not found:
            raise CommandError("There is no such channel." if options["channel"] else "There is no open channel yet.")
        return found

    def show_plan(self, shares: list[tuple[int, int]], sentences: list[str], *, as_json: bool) -> None:
        if as_json:
            plan = {"dry_run": True, "sentences": len(sentences), "shares": [list(share) for share in shares]}
            self.stdout.write(json.dumps(plan))
            return
        for channel_id, share in shares:
            self.stdout.write(f"channel {channel_id:8} {share:9} messages")
        self.stdout.write(f"{len(sentences)} sentences. A trial: nothing was stored.")
