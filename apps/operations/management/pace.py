"""How fast this machine is at this moment. A budget of milliseconds is one of a quiet machine; rented ones go slow for hours."""

import hashlib
import json
import time
from typing import Any

QUIET_MS = 13.0  # what the work below takes where the budgets were set, with nothing else running
MOST = 2.5  # slower than that, it is no longer the machine that is to blame
ROUNDS = 15


def slowness() -> float:
    """Return how many times as long a fixed piece of work takes now; between 1 and MOST."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        _work()
        times.append((time.perf_counter() - began) * 1000)
    return round(min(MOST, max(1.0, sorted(times)[ROUNDS // 2] / QUIET_MS)), 2)


def _work() -> None:
    """Do what serving a page mostly is: texts, dictionaries, sorting."""
    rows: list[dict[str, Any]] = [
        {"id": number, "name": f"name {number}", "days": list(range(number % 31))} for number in range(600)
    ]
    for _ in range(4):
        text = json.dumps(rows)
        hashlib.sha256(text.encode()).hexdigest()
        rows = sorted(json.loads(text), key=lambda row: (len(row["days"]), row["name"]))
        rows = [{**row, "days": [day + 1 for day in row["days"]]} for row in rows]
