"""What goes over the bus: a header line for the hub, then the payload that sockets get as it is."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from redis.connection import parse_url

from .framing import change_payload, hint_payload

SWEEP = b"s"  # on the control channel: look for changes that nobody told
CHOICE = b"p "  # on the control channel, before ids: look at their presence by hand


@dataclass(frozen=True, slots=True)
class Packet:
    """One message of the bus; `change` is None for a hint."""

    change: int | None
    payload: bytes
    revokes: tuple[int, ...] = ()
    place: int | None = None


def topic_name(kind: str, topic_id: int) -> str:
    return f"{kind}:{topic_id}"


@cache
def _prefix(url: str) -> bytes:
    # Pub/sub knows no databases: without the number two installations on one server would hear each other.
    return b"live:%d:" % int(parse_url(url).get("db") or 0)  # type: ignore[no-untyped-call]


def channel_name(topic: str) -> bytes:
    """Return the channel of the bus that carries a topic."""
    return _prefix(settings.REDIS_URL) + topic.encode()


def control_channel() -> bytes:
    """Return the channel on which all hubs of the installation are asked to look at rights again."""
    return _prefix(settings.REDIS_URL) + b"!"


def pack_change(topic: str, change: int, body: bytes, revokes: Collection[int], place: int | None) -> bytes:
    header = b"c %d %d %b\n" % (change, -1 if place is None else place, ",".join(map(str, revokes)).encode())
    return header + change_payload(topic, change, body)


def pack_hint(topic: str, body: bytes) -> bytes:
    return b"h\n" + hint_payload(topic, body)


def pack_rights(user_ids: Collection[int]) -> bytes:
    """Ask the hubs to look at the rights of these users again; of nobody in particular means of all."""
    return b"r " + ",".join(map(str, user_ids)).encode()


def pack_choice(user_ids: Collection[int]) -> bytes:
    """Tell the hubs that these people chose another presence by hand."""
    return CHOICE + ",".join(map(str, user_ids)).encode()


def unpack_choice(message: bytes) -> tuple[int, ...]:
    return _read_ids(message.removeprefix(CHOICE))


def unpack(message: bytes) -> Packet:
    """Read a message of a topic's channel; ValueError where it is none."""
    header, _, payload = message.partition(b"\n")
    if header == b"h":
        return Packet(None, payload)
    mark, change, place, revokes = header.split(b" ")
    if mark != b"c":
        raise ValueError("A message of the live bus has an unknown header.")
    return Packet(int(change), payload, _read_ids(revokes), None if place == b"-1" else int(place))


def unpack_rights(message: bytes) -> tuple[int, ...]:
    mark, _, ids = message.partition(b" ")
    if mark != b"r":
        raise ValueError("A message of the live bus has an unknown header.")
    return _read_ids(ids)


def _read_ids(text: bytes) -> tuple[int, ...]:
    return tuple(map(int, text.split(b","))) if text else ()
