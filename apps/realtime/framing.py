"""Frames as bytes: made once for all the sockets that receive them."""

import orjson

MAX_INBOUND = 64 * 1024
MAX_DEPTH = 8


def frame_text(payload: bytes) -> bytes:
    """Return an unmasked, unfragmented WebSocket text frame (RFC 6455, 5.2) around UTF-8 bytes."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def change_payload(topic: str, change: int, body: bytes) -> bytes:
    """Return the JSON of one change; `body` is JSON already."""
    return b'{"t":"change","topic":"%b","change":%d,"body":%b}' % (topic.encode(), change, body)


def hint_payload(topic: str, body: bytes) -> bytes:
    return b'{"t":"hint","topic":"%b","body":%b}' % (topic.encode(), body)


def control_payload(kind: str, **fields: object) -> bytes:
    """Return the JSON of a frame of the gateway itself."""
    return orjson.dumps({"t": kind, **fields})


def is_deeper(value: object, limit: int = MAX_DEPTH) -> bool:
    """Tell whether parsed JSON nests deeper than the limit."""
    level: list[object] = [value]
    for _ in range(limit + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True
