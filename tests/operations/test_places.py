"""The data folder, its lock and the address: each refusal says what to do."""

import os
import socket
from pathlib import Path

import pytest

from apps.operations import places
from apps.operations.places import Claim, DataLock, InUse, OperationsError, PortTaken


def test_a_second_start_on_the_same_data_is_refused_with_where_the_first_runs(folder: Path) -> None:
    first, second = DataLock(folder), DataLock(folder)
    first.take("the portal")
    first.publish(Claim(pid=4321, purpose="the portal", address="http://localhost:8000"))
    with pytest.raises(InUse, match=r"in use by the portal \(process 4321\) at http://localhost:8000\. Stop that one"):
        second.take("the portal")
    first.drop()
    second.take("the portal")
    second.drop()


def test_the_claim_is_readable_by_its_owner_only_and_gone_with_the_lock(folder: Path) -> None:
    lock = DataLock(folder)
    assert lock.holder() is None
    lock.take("the portal")
    lock.publish(Claim(pid=1, purpose="the portal", environment={"DATABASE_URL": "postgresql:///x"}))
    assert lock.claim_path.stat().st_mode & 0o077 == 0
    claim = DataLock(folder).holder()
    assert claim
    assert claim.environment == {"DATABASE_URL": "postgresql:///x"}
    lock.drop()
    assert DataLock(folder).holder() is None


def test_a_taken_port_is_named_with_another_one_to_try() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"Port {port} is taken by another program.*PORTAL_PORT="):
            places.check_address("127.0.0.1", port)
    places.check_address("127.0.0.1", port)


@pytest.mark.parametrize(("bind", "port"), [("203.0.113.7", 8119), ("no such host", 8119), ("127.0.0.1", 99999)])
def test_an_impossible_address_is_refused(bind: str, port: int) -> None:
    with pytest.raises(PortTaken, match="PORTAL_BIND and PORTAL_PORT"):
        places.check_address(bind, port)


def test_a_port_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_PORT", "eighty")
    with pytest.raises(OperationsError, match="PORTAL_PORT is 'eighty'; write a whole number"):
        places.read_whole_number("PORTAL_PORT", 8000)


def test_the_data_folder_is_the_named_one_else_roots_own_else_in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_VAR", "/srv/portal")
    assert places.data_folder() == Path("/srv/portal")
    monkeypatch.delenv("PORTAL_VAR")
    monkeypatch.setattr(places, "is_root", lambda: True)
    assert places.data_folder().parent == Path("/var/lib/hospital_collab")
    monkeypatch.setattr(places, "is_root", lambda: False)
    assert places.data_folder() == places.ROOT / "var"


def test_a_folder_that_cannot_be_made_names_the_variable(folder: Path) -> None:
    (folder / "file").write_text("")
    with pytest.raises(OperationsError, match="PORTAL_VAR"):
        places.make_data_folder(folder / "file" / "var")


def test_a_folder_that_somebody_else_put_there_is_refused(folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    (folder / "link").symlink_to(folder / "elsewhere")
    with pytest.raises(OperationsError, match="belongs to somebody else"):
        places.make_private(folder / "link", os.getuid(), os.getgid())
