"""The embedded servers: they start, survive a kill -9 with what was committed, and refuse what they cannot read."""

import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from apps.operations.embedded import Postgres, Valkey, address_for_client, server_account
from apps.operations.places import ROOT, OperationsError, is_root, socket_folder


@pytest.fixture
def postgres(folder: Path) -> Iterator[Postgres]:
    server = Postgres(folder / "postgres", folder / "log" / "postgres.log")
    server.start()
    server.wait()
    yield server
    server.stop()


@pytest.fixture
def valkey(folder: Path) -> Iterator[Valkey]:
    server = Valkey(folder / "valkey", folder / "log" / "valkey.log")
    server.start()
    server.wait()
    yield server
    server.stop()


def ask(server: Postgres, question: str, *, as_owner: bool = True) -> object:
    with psycopg.connect(server.owner_url if as_owner else server.app_url, autocommit=True) as connection:
        answer = connection.execute(question)
        row = answer.fetchone() if answer.description else None
        return row[0] if row else None


def test_two_roles_share_one_database_and_only_one_is_mighty(postgres: Postgres) -> None:
    assert ask(postgres, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is True
    mighty = (
        "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication FROM pg_roles WHERE rolname = current_user"
    )
    assert ask(postgres, mighty, as_owner=False) is False
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(postgres, "CREATE TABLE mine ()", as_owner=False)


def test_it_listens_on_a_private_socket_only(postgres: Postgres) -> None:
    assert ask(postgres, "SHOW listen_addresses") == ""
    assert postgres.sockets.stat().st_mode & 0o077 == 0


def test_committed_rows_survive_a_kill_of_the_server(postgres: Postgres) -> None:
    ask(postgres, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    assert postgres.process
    postgres.process.kill()
    postgres.process.wait()
    postgres.start()
    postgres.wait()
    assert ask(postgres, "SELECT count(*) FROM kept") == 1000


def test_the_same_data_is_found_at_the_next_start(folder: Path, postgres: Postgres) -> None:
    ask(postgres, "CREATE TABLE kept ()")
    postgres.stop()
    again = Postgres(folder / "postgres", folder / "log" / "postgres.log")
    again.start()
    again.wait()
    try:
        assert ask(again, "SELECT to_regclass('kept')") is not None
    finally:
        again.stop()


def test_data_of_another_major_version_is_refused_with_what_to_do(folder: Path, postgres: Postgres) -> None:
    postgres.stop()
    (postgres.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(OperationsError, match=r"written by PostgreSQL 17, and this installation brings 18\. Dump it"):
        postgres.start()
    assert (postgres.data / "base").exists()


def test_an_interrupted_creation_is_begun_again(folder: Path) -> None:
    server = Postgres(folder / "postgres", folder / "log" / "postgres.log", durable=False)
    (folder / "postgres" / "data.new" / "half").mkdir(parents=True)
    server.start()
    server.wait()
    server.stop()
    assert (server.data / "PG_VERSION").exists()


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    server = Postgres(
        folder / "postgres", folder / "log" / "postgres.log", durable=False, options=("shared_buffers=nonsense",)
    )
    server.start()
    with pytest.raises(OperationsError, match="shared_buffers"):
        server.wait(timeout=1)


def test_valkey_keeps_its_keys_through_a_kill(valkey: Valkey) -> None:
    client = redis.Redis.from_url(valkey.url)
    client.set("task", "waiting")
    time.sleep(1.1)  # the append-only file is written to disk once a second
    assert valkey.process
    valkey.process.kill()
    valkey.process.wait()
    valkey.start()
    valkey.wait()
    assert client.get("task") == b"waiting"
    client.close()


def test_servers_end_with_the_process_that_started_them(folder: Path) -> None:
    program = f"""
        from pathlib import Path
        from apps.operations.embedded import Postgres, Valkey
        folder = Path({str(folder)!r})
        servers = [Postgres(folder / "postgres", folder / "log" / "p.log", durable=False), Valkey(folder / "valkey", folder / "log" / "v.log")]
        for server in servers:
            server.start()
        for server in servers:
            server.wait()
        print(*(server.process.pid for server in servers), flush=True)
        input()
    """
    starter = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert starter.stdin
    assert starter.stdout
    pids = [int(word) for word in starter.stdout.readline().split()]
    assert len(pids) == 2
    starter.send_signal(signal.SIGKILL)
    starter.communicate()
    deadline = time.monotonic() + 10
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < deadline, "a server outlived the process that started it"
        time.sleep(0.05)


@pytest.mark.skipif(not is_root(), reason="only root has to step down to another account")
def test_root_steps_down_and_copies_what_that_account_cannot_reach(folder: Path, postgres: Postgres) -> None:
    assert postgres.process
    assert Path(f"/proc/{postgres.process.pid}").stat().st_uid == server_account().uid != 0
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(OperationsError, match="PORTAL_VAR"):
        Postgres(closed / "postgres", folder / "log" / "postgres.log")


def test_a_deep_folder_gets_a_short_socket(folder: Path) -> None:
    deep = folder / ("d" * 90) / "postgres"
    assert len(str(socket_folder(deep, 0))) < 60
    assert socket_folder(folder / "postgres", 0, limit=200) == folder / "postgres"


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[-1].split()[0] != "Z"
    except OSError:
        return False


def test_a_password_stands_on_no_command_line() -> None:
    address, environment = address_for_client(
        "postgresql://owner:s3cret@db1,db2:5432/portal?target_session_attrs=read-write"
    )
    assert "s3cret" not in address
    assert environment["PGPASSWORD"] == "s3cret"
    assert "db1,db2" in address
