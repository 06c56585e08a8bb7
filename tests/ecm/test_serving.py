"""`ecm serve` as processes on the loopback: large bodies, broken connections, signals, nobody left behind."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

import ecm
from ecm import Ecm, Settings
from ecm.errors import SettingError
from ecm.http_server import UNREAD_MOST_BYTES
from ecm.serving import KeyValueFormatter, listen
from tests.firms import Firm, make_firm, stored_keys, usage

MEGABYTE = 1_048_576
SERVE = (
    "from ecm import Settings; from ecm.serving import serve; serve(Settings.from_env(), port=0, threads=8)"
)
PATIENCE_S = 60
LEASE_S = 3


def wait_until(what: str, holds: Callable[[], object]) -> None:
    """Look again and again until it holds."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, f"not in {PATIENCE_S} s: {what}"
        time.sleep(0.05)


@dataclass
class Service:
    """A running service, and the library that it serves, open here as well."""

    process: subprocess.Popen[str]
    port: int
    app: Ecm
    firm: Firm
    token: str
    settings: Settings

    @property
    def path(self) -> str:
        """Where documents are stored."""
        return f"/api/v1/deals/{self.firm.deal.id}/documents"

    def connect(self) -> socket.socket:
        """A connection to it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)

    def head(self, size: int | str, *more: str) -> bytes:
        """The head of a request that stores a document."""
        framing = f"Content-Length: {size}" if isinstance(size, int) else f"Transfer-Encoding: {size}"
        lines = [f"POST {self.path}?filename=a.bin HTTP/1.1", "Host: localhost", framing]
        return "\r\n".join([*lines, f"Authorization: Bearer {self.token}", *more, "", ""]).encode()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[Any, bytes]:
        """Send a request on a connection of its own, and read the whole answer."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)) as connection:
            headers = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, {"Authorization": f"Bearer {self.token}", **headers})
            response = connection.getresponse()
            return response, response.read()

    def children(self) -> list[psutil.Process]:
        """The processes under it."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def check_nothing_is_held(self) -> None:
        """Wait until uploads under way hold nothing, and see that no byte was kept of them."""
        wait_until("reservations are free", lambda: usage(self.app, self.firm.admin)[1] == 0)
        with self.app.begin(self.firm.admin) as tx:
            keys = {
                version.storage_key
                for document in tx.documents.of_card(self.firm.deal, per_page=1000)
                for version in tx.documents.versions.list(document)
            }
        wait_until("left bytes are gone", lambda: stored_keys(self.app) == keys)


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "ECM_DATA_DIR": str(folder), "ECM_UPLOAD_LEASE_S": str(LEASE_S)}


@contextmanager
def serving(folder: Path, *, tariff: str = "free") -> Iterator[Service]:
    """A service on a fresh folder; killed at the end, with all that is under it."""
    settings = Settings.from_env(environment(folder))
    with ecm.open_settings(settings) as app:
        app.migrate()
        firm = make_firm(app, "Альфа", tariff=tariff)
        with app.begin() as tx:
            token = tx.tokens.add(tx.users.get(firm.olena.user_id))
        with running(folder) as (process, port):
            yield Service(process, port, app, firm, token, settings)


@contextmanager
def running(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The processes of a service, and its port."""
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE],
            env=environment(folder),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("serving on http://127.0.0.1:"), (folder / "log").read_text()
        yield process, int(line.rsplit(":", 1)[1])
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that tests share who neither stop it nor fill it up."""
    with serving(tmp_path_factory.mktemp("service")) as running_service:
        yield running_service


@pytest.fixture
def own_service(tmp_path: Path) -> Iterator[Service]:
    """A service of the test's own."""
    with serving(tmp_path) as running_service:
        yield running_service


def read_answer(connection: socket.socket) -> tuple[int, bytes]:
    """The status and body of the answer that comes, to the connection's end."""
    with connection.makefile("rb") as file:
        received = file.read()
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def test_a_document_is_stored_found_and_handed_out_byte_for_byte(service: Service) -> None:
    text = "Оплата за рахунками до п'ятниці".encode("cp1251")
    response, body = service.ask("POST", f"{service.path}?filename=a.txt", text)
    assert response.status == 201
    id = json.loads(body)["id"]
    assert service.ask("GET", f"/api/v1/documents/{id}/content")[1] == text

    def found() -> bool:
        answer = json.loads(
            service.ask("GET", "/api/v1/search?q=%D1%80%D0%B0%D1%85%D1%83%D0%BD%D0%BE%D0%BA")[1]
        )
        return [item["document"]["id"] for item in answer["items"]] == [id]

    wait_until("the background has indexed it", found)


def test_large_bodies_pass_without_memory_growing_and_ranges_near_the_end_are_right(service: Service) -> None:
    block = os.urandom(MEGABYTE)
    size = 96
    digest = hashlib.sha256(block * size).hexdigest()
    before = sum(child.memory_info().rss for child in service.children())
    response, body = service.ask("POST", service.path, (block for _ in range(size)))
    assert response.status == 201, body
    stored = json.loads(body)
    assert (stored["size_bytes"], stored["sha256"]) == (size * MEGABYTE, digest)
    path = f"/api/v1/documents/{stored['id']}/content"
    response, content = service.ask("GET", path)
    assert hashlib.sha256(content).hexdigest() == digest
    for first, last in ((size * MEGABYTE - 10, size * MEGABYTE - 1), (50 * MEGABYTE - 3, 50 * MEGABYTE + 3)):
        response, part = service.ask("GET", path, Range=f"bytes={first}-{last}")
        assert (response.status, part) == (206, content[first : last + 1])
    assert service.ask("DELETE", f"/api/v1/documents/{stored['id']}?purge=1")[0].status == 204
    assert sum(child.memory_info().rss for child in service.children()) - before < 64 * MEGABYTE


def test_a_large_form_is_streamed(service: Service) -> None:
    boundary = "x" * 20
    content = os.urandom(MEGABYTE) * 40
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="title"\r\n\r\nФорма\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
    ).encode()
    body = head + content + f"\r\n--{boundary}--\r\n".encode()
    response, answer = service.ask(
        "POST", service.path, body, Content_Type=f"multipart/form-data; boundary={boundary}"
    )
    stored = json.loads(answer)
    assert (response.status, stored["title"]) == (201, "Форма")
    assert stored["sha256"] == hashlib.sha256(content).hexdigest()
    assert service.ask("DELETE", f"/api/v1/documents/{stored['id']}?purge=1")[0].status == 204


def test_too_much_is_refused_before_a_byte_is_asked_for(service: Service) -> None:
    with service.connect() as connection:
        connection.sendall(service.head(300 * MEGABYTE, "Expect: 100-continue"))
        status, body = read_answer(connection)
    assert (status, json.loads(body)["code"]) == (507, "quota_exceeded")
    service.check_nothing_is_held()


def test_a_client_that_sends_all_before_it_reads_still_learns_why_it_was_refused(service: Service) -> None:
    block = bytes(MEGABYTE)
    with service.connect() as connection:
        connection.sendall(service.head(220 * MEGABYTE))
        for _ in range(220):
            connection.sendall(block)
        status, body = read_answer(connection)
    assert (status, json.loads(body)["requested_bytes"]) == (507, 220 * MEGABYTE)


def test_a_body_is_asked_for_when_it_is_wanted(service: Service) -> None:
    with service.connect() as connection:
        connection.sendall(service.head(5, "Expect: 100-continue", "Connection: close"))
        with connection.makefile("rb") as file:
            assert file.readline() == b"HTTP/1.1 100 Continue\r\n"
        connection.sendall(b"12345")
        status, body = read_answer(connection)
    assert (status, json.loads(body)["size_bytes"]) == (201, 5)


def test_a_connection_goes_on_after_a_short_body_that_nobody_read(service: Service) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE_S)) as connection:
        for _ in range(2):
            connection.request("POST", service.path, b"x" * UNREAD_MOST_BYTES, {"Authorization": "Bearer x"})
            response = connection.getresponse()
            assert (response.status, response.getheader("Connection")) == (401, "keep-alive")
            response.read()


@pytest.mark.parametrize("framing", ["length", "chunked", "form"])
def test_a_dropped_connection_leaves_nothing_and_frees_its_reservation(
    service: Service, framing: str
) -> None:
    boundary = "Content-Type: multipart/form-data; boundary=b"
    form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    head = {
        "length": service.head(10 * MEGABYTE),
        "chunked": service.head("chunked") + b"%x\r\n" % (10 * MEGABYTE),
        "form": service.head(10 * MEGABYTE, boundary) + form,
    }[framing]
    with service.connect() as connection:
        connection.sendall(head + bytes(5 * MEGABYTE))
        wait_until("the upload is under way", lambda: usage(service.app, service.firm.admin)[1] > 0)
    service.check_nothing_is_held()


def test_a_client_that_stands_still_is_given_up(service: Service) -> None:
    with service.connect() as connection:
        connection.sendall(service.head(10 * MEGABYTE) + bytes(MEGABYTE))
        status, body = read_answer(connection)
    assert (status, json.loads(body)["code"]) == (400, "broken_body")
    service.check_nothing_is_held()


@pytest.mark.parametrize("body", [b"5\r\n123", b"zz\r\n", b"5\r\n12345XX0\r\n\r\n", b"-5\r\n12345\r\n"])
def test_a_broken_chunk_is_refused_and_nothing_is_kept(service: Service, body: bytes) -> None:
    with service.connect() as connection:
        connection.sendall(service.head("chunked") + body)
        connection.shutdown(socket.SHUT_WR)
        status, answer = read_answer(connection)
    assert (status, json.loads(answer)["code"]) == (400, "broken_body")
    service.check_nothing_is_held()


def test_many_uploads_at_a_time_are_served_by_threads(service: Service) -> None:
    waiting = []
    for _ in range(6):
        connection = service.connect()
        connection.sendall(service.head(2, "Connection: close") + b"1")
        waiting.append(connection)
    assert service.ask("GET", "/healthz")[0].status == 200
    for connection in waiting:
        connection.sendall(b"2")
        assert read_answer(connection)[0] == 201
        connection.close()


@pytest.mark.parametrize(
    "head", ["GET /%s HTTP/1.1\r\nHost: a" % ("x" * 9000), "GET / HTTP/1.1\r\nA: " + "x" * 9000]
)
def test_a_head_that_is_too_long_is_refused(service: Service, head: str) -> None:
    with service.connect() as connection:
        connection.sendall(f"{head}\r\n\r\n".encode())
        assert read_answer(connection)[0] in (414, 431)


def test_sigterm_finishes_what_is_under_way(own_service: Service) -> None:
    with own_service.connect() as connection:
        connection.sendall(own_service.head(MEGABYTE) + bytes(MEGABYTE // 2))
        wait_until("it is under way", lambda: usage(own_service.app, own_service.firm.admin)[1] > 0)
        children = own_service.children()
        own_service.process.send_signal(signal.SIGTERM)
        wait_until("no new connections are taken", lambda: not can_connect(own_service.port))
        connection.sendall(bytes(MEGABYTE // 2))
        status, body = read_answer(connection)
    assert (status, json.loads(body)["size_bytes"]) == (201, MEGABYTE)
    assert own_service.process.wait(PATIENCE_S) == 0
    assert not [child for child in children if is_alive(child)]


def test_ctrl_c_ends_all_without_an_error(own_service: Service, tmp_path: Path) -> None:
    wait_until("it serves", lambda: answers(own_service) and len(own_service.children()) >= 2)
    children = own_service.children()
    for process in (own_service.process, *children):  # a terminal tells all of them
        process.send_signal(signal.SIGINT)
    assert own_service.process.wait(PATIENCE_S) == 0
    assert not [child for child in children if is_alive(child)]
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_kill_9_of_the_command_leaves_nobody_behind(own_service: Service) -> None:
    own_service.ask("POST", f"{own_service.path}?filename=a.txt", b"some text to be extracted")
    wait_until("a file is read in a process of its own", lambda: len(own_service.children()) >= 3)
    children = own_service.children()
    own_service.process.send_signal(signal.SIGKILL)
    own_service.process.wait()
    wait_until("all are gone", lambda: not [child for child in children if is_alive(child)])
    assert not can_connect(own_service.port)


def test_whichever_process_dies_is_started_again(own_service: Service) -> None:
    for _ in range(2):
        for child in own_service.children():
            child.kill()
        wait_until("there are two again", lambda: len(own_service.children()) >= 2)
        wait_until("the service answers", lambda: answers(own_service))
    own_service.ask("POST", f"{own_service.path}?filename=a.txt", b"slovo")
    wait_until(
        "it is indexed", lambda: json.loads(own_service.ask("GET", "/api/v1/search?q=slovo")[1])["total"] == 1
    )


def test_two_services_on_one_folder_work_together(own_service: Service, tmp_path: Path) -> None:
    with running(tmp_path) as (_, port):
        other = Service(own_service.process, port, own_service.app, own_service.firm, own_service.token,
                        own_service.settings)  # fmt: skip
        ids = set()
        for number in range(10):
            for each in (own_service, other):
                response, body = each.ask("POST", f"{each.path}?filename=a.txt", b"slovo %d" % number)
                assert response.status == 201, body
                ids.add(json.loads(body)["id"])
        for each in (own_service, other):
            wait_until("all are found", lambda each=each: found_ids(each) == ids)  # type: ignore[misc]


def found_ids(service: Service) -> set[str]:
    answer = json.loads(service.ask("GET", "/api/v1/search?q=slovo&per_page=100")[1])
    return {item["document"]["id"] for item in answer["items"]}


def answers(service: Service) -> bool:
    try:
        return bool(service.ask("GET", "/readyz")[0].status == 200)
    except (OSError, http.client.HTTPException):
        return False


def can_connect(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_alive(process: psutil.Process) -> bool:
    return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)


def test_an_address_that_is_taken_or_none_is_named() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        for host, number in (("127.0.0.1", port), ("192.0.2.1", 0), ("nowhere.invalid", 0)):
            with pytest.raises(SettingError, match=f"address='{host}:{number}'"):
                listen(host, number)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("ECM_STORAGE_URL", "ftp://x"), ("ECM_DATABASE_URL", "mysql://x"), ("ECM_UPLOAD_LEASE_S", "soon")],
)
def test_a_wrong_setting_is_one_line_that_names_it(tmp_path: Path, setting: str, value: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ecm.cli", "serve", "--port", "1"],
        env={**environment(tmp_path), setting: value},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert setting in line


def test_log_lines_can_be_split_by_a_program() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(KeyValueFormatter())
    logger = logging.Logger("ecm.test")
    logger.addHandler(handler)
    try:
        raise ValueError('two\nlines and "quotes"')
    except ValueError:
        logger.exception("company %s failed", 7)
    (line,) = stream.getvalue().splitlines()
    assert line.startswith("time=")
    assert " level=error logger=ecm.test " in line
    assert ' message="company 7 failed" error="Traceback' in line
    assert "\\n" in line
