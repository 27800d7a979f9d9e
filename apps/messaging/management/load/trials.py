"""What a bad day brings: everybody comes back at once, some read slowly, one floods. What must not happen then."""

import functools
import time
from collections.abc import Callable
from typing import Any

from . import figures
from .bench import Bench, Phase
from .clients import Client
from .scratch import COUNTED, Scratch

STORM_SECONDS = 5.0  # in which all are back and have what they missed
STORM_PATIENCE = 60.0
MISSED_RATE = 50.0
STATEMENTS_A_BATCH = 20  # of up to 200 sockets: sessions, people, six for channels, newest changes, what was missed
SLOW_SOCKETS = 100
TRIAL_SIZE = 200  # sockets whose latency is compared
SLOW_RATE = 20.0
SLOW_PADDING = 6_000  # characters: in a few seconds more than the server keeps for a socket that does not read
CALM_RATE = 5.0
LIMIT_A_MINUTE, FLOOD_TIMES, FLOOD_SECONDS = 120, 10, 10.0
WORSE_BY = 1.5
NOISE_MS = 5.0  # a difference that a timer's tick makes, not the trial
ATTEMPTS = 3  # of a comparison of times
WEB_RATIO = 1.25
REST_SECONDS = 3.0


def repeated(trial: Callable[[Bench, int, float], dict[str, Any]]) -> Callable[[Bench, int, float], dict[str, Any]]:
    """Try a comparison again where nothing but the times speaks against it: noise only makes them worse."""

    @functools.wraps(trial)
    def run(bench: Bench, size: int, seconds: float) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for attempt in range(1, ATTEMPTS + 1):
            found = {**trial(bench, size, seconds), "attempts": attempt}
            if not found.pop("is_only_slower") or attempt == ATTEMPTS:
                break
            time.sleep(60 - time.time() % 60 + 0.1)  # another minute's window of the sending limit
        return found

    return run


def wait_for_window() -> None:
    """Begin after the start of a minute's window of the sending limit, so that all of a trial lies in one."""
    left = 60 - time.time() % 60
    if left < FLOOD_SECONDS + 5:
        time.sleep(left + 0.1)


def run_storm(scratch: Scratch, stage: dict[str, Any], *, web: int, sockets: int, missed: int) -> dict[str, Any]:
    """Drop all sockets of a room, send what they miss, and let them return at once."""
    keys, room = stage["sessions"][:sockets], stage["rooms"][str(sockets)]
    scratch.start_web(web, COUNTED)
    client, sender = Client("sockets"), Client("sender")
    try:
        client.ask("connect", keys, scratch.targets)
        client.ask("drop")
        people = keys[: min(sockets, missed)]
        sent = sender.ask("send", room, people, scratch.targets, MISSED_RATE, missed / MISSED_RATE)["sent"]
        time.sleep(1)
        before = scratch.count_statements()
        back = client.ask("come_back", keys, scratch.targets, room, min(sent) - 1, max(sent), STORM_PATIENCE)
        after = scratch.count_statements()
    finally:
        client.end()
        sender.end()
        scratch.stop_web()
    batches = after["batches"] - before["batches"]
    statements = after["statements"] - before["statements"]
    found = {
        "sockets": sockets,
        "missed": len(sent),
        "ready_s": _last(back["ready"]),
        "caught_up_s": _last(back["caught_up"]),
        "sent_away": back["refused"],
        "batches": batches,
        "statements": statements,
        "statements_a_batch": round(statements / max(1, batches), 1),
        "lost": sockets * len(sent) - back["deliveries"],
        "duplicated": back["duplicated"],
        "reordered": back["reordered"],
    }
    violations = [
        f"{found[name]} deliveries were {name} in a storm"
        for name in ("lost", "duplicated", "reordered")
        if found[name]
    ]
    if len(back["caught_up"]) < sockets:
        violations.append(f"{sockets - len(back['caught_up'])} of {sockets} sockets did not catch up")
    elif found["caught_up_s"] > STORM_SECONDS:
        violations.append(
            f"{sockets} sockets had what they missed after {found['caught_up_s']} s; {STORM_SECONDS:g} s are allowed"
        )
    if found["statements_a_batch"] > STATEMENTS_A_BATCH:
        violations.append(
            f"a batch of sockets took {found['statements_a_batch']} statements; {STATEMENTS_A_BATCH} are allowed"
        )
    return {**found, "violations": violations}


@repeated
def run_slow_readers(bench: Bench, size: int, seconds: float) -> dict[str, Any]:
    """Compare what a room hears before, while and after a hundred sockets in it read a byte a second."""
    before = bench.send(size, SLOW_RATE, seconds / 2, visible=False, padding=SLOW_PADDING)
    slow = Client("sockets")
    try:
        slow.ask("connect_slow", bench.keys[: min(SLOW_SOCKETS, size)], bench.scratch.targets[0])
        during = bench.send(size, SLOW_RATE, seconds, visible=False, padding=SLOW_PADDING)
        ended = slow.ask("end_slow")
    finally:
        slow.end()
    after = bench.send(size, SLOW_RATE, seconds / 2, visible=False, padding=SLOW_PADDING)
    return {**ended, **_compare([before, after], during, "slow readers")}


@repeated
def run_flood(bench: Bench, size: int, seconds: float) -> dict[str, Any]:
    """Compare what a room hears while one person posts ten times what is allowed; that person is told when to go on."""
    seconds = max(seconds, FLOOD_SECONDS)
    before = bench.send(size, CALM_RATE, seconds / 2, visible=False)
    flooder = Client("sender")
    try:
        wait_for_window()
        rate = FLOOD_TIMES * LIMIT_A_MINUTE / 60
        # The one who floods is in the room, and none of those who send in it.
        flooder.begin("flood", bench.rooms[size], bench.keys[size - 1], bench.scratch.targets[0], rate, seconds)
        during = bench.send(size, CALM_RATE, seconds, visible=False)
        flood = flooder.finish()
    finally:
        flooder.end()
    after = bench.send(size, CALM_RATE, seconds / 2, visible=False)
    found = {**flood, **_compare([before, after], during, "a flood")}
    if set(flood["statuses"]) - {"201", "429"}:
        found["violations"].append(f"a flood was answered {flood['statuses']}")
    if not flood["statuses"].get("429"):
        found["violations"].append("a flood was not refused")
    if flood["statuses"].get("201", 0) > LIMIT_A_MINUTE:
        found["violations"].append(
            f"{flood['statuses']['201']} messages of a flood were taken; {LIMIT_A_MINUTE} a minute are allowed"
        )
    if flood["untold"]:
        found["violations"].append(f"{flood['untold']} refusals did not say when to go on")
    found["is_only_slower"] &= len(found["violations"]) == 1
    return found


def run_two_webs(
    scratch: Scratch, stage: dict[str, Any], *, size: int, seconds: float, rounds: int, log: Any
) -> dict[str, Any]:
    """Compare what a message costs in all, with one web process and with two that share its readers."""
    costs: dict[int, list[float]] = {1: [], 2: []}
    lost = 0
    for number in range(rounds):
        for web in (1, 2):
            scratch.start_web(web)
            bench = Bench(scratch, stage, log)
            try:
                bench.sockets.ask("connect", bench.keys[:size], scratch.targets)
                bench.send(size, CALM_RATE, 2.0)
                resting = bench.rest(size, REST_SECONDS)
                phase = bench.send(size, CALM_RATE, seconds)
            finally:
                bench.end()
                scratch.stop_web()
            rest = resting.cpu_total * phase.seconds / resting.seconds
            costs[web].append((phase.cpu_total - rest) / max(1, phase.messages))
            lost += phase.lost
        log(
            f"round {number + 1}: CPU ms a message with one web process {costs[1][-1] * 1e3:.1f},"
            f" with two {costs[2][-1] * 1e3:.1f}"
        )
    one, two = (figures.middle(costs[web]) for web in (1, 2))
    ratio = round(two / one, 3) if one > 0 else None
    violations = [f"{lost} deliveries were lost with two web processes"] if lost else []
    if ratio is not None and ratio > WEB_RATIO:
        violations.append(f"two web processes cost {ratio} times one; {WEB_RATIO} times are allowed")
    return {
        "size": size,
        "one_cpu_ms": round(one * 1e3, 2),
        "two_cpu_ms": round(two * 1e3, 2),
        "ratio": ratio,
        "lost": lost,
        "violations": violations,
    }


def _compare(calm: list[Phase], during: Phase, what: str) -> dict[str, Any]:
    before = figures.percentiles([value for phase in calm for value in phase.latencies])
    after = figures.percentiles(during.latencies)
    lost = during.lost + sum(phase.lost for phase in calm)
    refused = [text for phase in (*calm, during) for text in phase.refused]
    violations = []
    if lost or refused:
        violations.append(
            f"with {what} {lost} deliveries were lost, and {len(refused)} messages of others refused {refused[:1]}"
        )
    if after.get("p95", 0.0) > WORSE_BY * before.get("p95", 0.0) + NOISE_MS:
        violations.append(f"with {what} 95 of 100 deliveries take {after['p95']} ms, without {before['p95']} ms")
    is_only_slower = bool(violations) and not lost and not refused
    return {
        "latency_ms": after,
        "calm_latency_ms": before,
        "violations": violations,
        "is_only_slower": is_only_slower,
    }


def _last(seconds: list[float]) -> float | None:
    return round(seconds[-1], 2) if seconds else None
