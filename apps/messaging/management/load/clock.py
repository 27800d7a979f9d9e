"""CPU time and memory of other processes, read from the kernel (Linux)."""

import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

CPUCLOCK_SCHED = 2


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process with all its threads, to the nanosecond; the kernel's clock id of a process."""
    return time.clock_gettime((~pid << 3) | CPUCLOCK_SCHED)


def pss_kb(pids: Collection[int]) -> int:
    """Return the proportional set size of processes in KiB: shared pages are counted once."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total


class CpuMeter:
    """Sums the CPU time of groups of processes; those that have ended keep what they used."""

    def __init__(self) -> None:
        self._used: dict[str, dict[int, float]] = {}

    def read(self, groups: dict[str, Collection[int]]) -> dict[str, float]:
        """Return the seconds that the processes ever named in a group have used."""
        totals = {}
        for name, pids in groups.items():
            used = self._used.setdefault(name, {})
            for pid in pids:
                with suppress(OSError):  # it ended since it was named
                    used[pid] = cpu_seconds(pid)
            totals[name] = sum(used.values())
        return totals
