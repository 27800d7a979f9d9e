"""Short reports that come every shift or every few hours, written from a few patterns."""

LOGS: dict[str, str] = {}
