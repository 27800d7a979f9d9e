"""The bytes that go past ASGI are those that the library would send."""

import pytest

from apps.realtime import protocol
from apps.realtime.framing import frame_text, is_deeper
from apps.realtime.messages import pack_change, pack_hint, pack_rights, unpack, unpack_rights


def test_the_pinned_server_has_no_fault() -> None:
    protocol.find_fault.cache_clear()
    assert protocol.find_fault() is None


def test_another_server_version_falls_back_to_plain_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol.uvicorn, "__version__", "0.99.0")
    protocol.find_fault.cache_clear()
    try:
        assert "0.99.0" in str(protocol.find_fault())
    finally:
        protocol.find_fault.cache_clear()


def test_a_frame_of_other_bytes_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "frame_text", lambda payload: b"\x82" + frame_text(payload)[1:])
    protocol.find_fault.cache_clear()
    try:
        assert "differs" in str(protocol.find_fault())
    finally:
        protocol.find_fault.cache_clear()


@pytest.mark.parametrize(
    ("value", "is_deep"), [([[[[[[[[1]]]]]]]], False), ([[[[[[[[[1]]]]]]]]], True), (1, False), ({}, False)]
)
def test_depth_is_counted(value: object, is_deep: bool) -> None:
    assert is_deeper(value) is is_deep


def test_what_is_packed_is_unpacked() -> None:
    packet = unpack(pack_change("room:1", 7, b'{"a":"\\n"}', (3, 4), 12))
    assert (packet.change, packet.revokes, packet.place) == (7, (3, 4), 12)
    assert packet.payload == b'{"t":"change","topic":"room:1","change":7,"body":{"a":"\\n"}}'
    assert unpack(pack_change("room:1", 7, b"{}", (), None)).place is None
    assert unpack(pack_hint("user:3", b"{}")).change is None
    assert unpack_rights(pack_rights([1, 2])) == (1, 2)
    for broken in (b"", b"x", b"c 1\n{}", b"c x 1 \n{}", b"d 1 1 1\n"):
        with pytest.raises(ValueError, match=r"header|unpack|literal"):
            unpack(broken)
