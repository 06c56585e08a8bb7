"""``kill -9`` of the service in the midst of resumable uploads, again and again; then they go on."""

from __future__ import annotations

import base64
import http.client
import io
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from sqlalchemy import func, select, update
from tusclient.client import TusClient

import ecm
from ecm import Ecm, clock
from ecm.models import CompanyUsage, Intent, Upload, UserUsage, Version
from ecm.upload_lock import LOCK_S
from tests.firms import Firm, make_firm
from tests.servers.processes import end_with_parent, free_port

KILLS = 5
LARGE_BYTES, SMALL_BYTES = 20 * 1_048_576 + 77, 1_500_001
LARGE_WITHIN_S = 0.7
"""About how long sending the large one takes: kills are to hit all of its way."""
STEP_BYTES = 256 * 1024
PATH = "/api/v1/uploads"


@pytest.fixture(params=["local", "s3"])
def storage_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "local":
        return f"file:{tmp_path / 'files'}"
    url: str = request.getfixturevalue("s3_url")
    return url


@dataclass
class Client:
    """Somebody who uploads to a service on `port`."""

    port: int
    token: str
    deal_id: int

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Tus-Resumable": "1.0.0"}

    def create(self, size_bytes: int) -> str:
        deal = base64.b64encode(str(self.deal_id).encode()).decode()
        told = {"Upload-Length": str(size_bytes), "Upload-Metadata": f"deal {deal}"}
        with self._asked("POST", PATH, told) as answer:
            assert answer.status == 201
            return answer.headers["Location"]

    def ask(self, path: str) -> tuple[int, str | None]:
        """How far an upload has come, and the document that it is."""
        with self._asked("HEAD", path, {}) as answer:
            assert answer.status == 200
            return int(answer.headers["Upload-Offset"]), answer.headers["Ecm-Document"]

    def send(self, path: str, content: bytes, offset: int, *, within_s: float) -> int | None:
        """Send the rest step by step. The status of the answer; None when the service died."""
        rest = content[offset:]
        pause_s = within_s * STEP_BYTES / len(content)

        def steps() -> Iterator[bytes]:
            for start in range(0, len(rest), STEP_BYTES):
                yield rest[start : start + STEP_BYTES]
                time.sleep(pause_s)

        told = {
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(len(rest)),
        }
        try:
            with self._asked("PATCH", path, told, steps()) as answer:
                return answer.status
        except (OSError, http.client.HTTPException):
            return None

    @contextmanager
    def _asked(
        self, method: str, path: str, told: dict[str, str], body: Iterator[bytes] | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, {**self.headers, **told})
            yield connection.getresponse()
        finally:
            connection.close()


class Service:
    """`ecm serve` on a port of its own; to be killed and started again."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.port = free_port()
        self._log = folder / "serve.log"
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; returns when it answers."""
        command = [sys.executable, "-m", "ecm.cli", "serve", "--port", str(self.port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env=self._environment,
                stdout=log,
                stderr=log,
                preexec_fn=end_with_parent(signal.SIGKILL),
            )
        deadline = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < deadline, self._log.read_text()[-3000:]
            time.sleep(0.05)

    def kill(self) -> None:
        """End it at once; its two processes end with it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            deadline = time.monotonic() + 20
            while self._answers():
                assert time.monotonic() < deadline
                time.sleep(0.01)

    def _answers(self) -> bool:
        url = f"http://127.0.0.1:{self.port}/readyz"
        with suppress(requests.RequestException):
            return requests.get(url, timeout=5).status_code == 200
        return False


def make_content(size_bytes: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size_bytes)


def end_locks(app: Ecm) -> None:
    """Let so much time pass that what the dead held locked is free."""
    with app.begin() as tx:
        past = clock.now() - timedelta(seconds=LOCK_S)
        tx.session.execute(update(Upload).where(Upload.locked_until.is_not(None)).values(locked_until=past))


def test_an_upload_goes_on_after_any_number_of_kills(tmp_path: Path, storage_url: str) -> None:
    environment = {**os.environ, "ECM_DATA_DIR": str(tmp_path), "ECM_STORAGE_URL": storage_url}
    with ecm.open_settings(ecm.Settings.from_env(environment)) as app:
        app.migrate()
        firm = make_firm(app, "Альфа")
        with app.begin() as tx:
            token = tx.tokens.add(tx.users.get(firm.olena.user_id))
        service = Service(tmp_path, environment)
        client = Client(service.port, token, firm.deal.id)
        try:
            contents = kill_again_and_again(app, service, client)
            service.start()
            finish_with_a_real_client(app, client, contents)
            documents = {path: client.ask(path)[1] for path in contents}
        finally:
            service.kill()
        for path, content in contents.items():
            with app.read(firm.olena, documents[path] or "") as reader:
                assert reader.read() == content
        check_counters(app, firm, contents)


def kill_again_and_again(app: Ecm, service: Service, client: Client) -> dict[str, bytes]:
    """In each life of the service a large upload goes on and a small one begins. Returns all by path."""
    dice = random.Random(KILLS)
    large = make_content(LARGE_BYTES, 0)
    contents: dict[str, bytes] = {}
    acknowledged = 0
    for life in range(KILLS):
        service.start()
        end_locks(app)
        if not contents:
            contents[client.create(LARGE_BYTES)] = large
        path = next(iter(contents))
        offset, _ = client.ask(path)
        assert offset >= acknowledged
        acknowledged = offset
        small = make_content(SMALL_BYTES, 1 + life)
        small_path = client.create(SMALL_BYTES)
        contents[small_path] = small
        with ThreadPoolExecutor(2) as threads:
            sending = [
                threads.submit(client.send, path, large, offset, within_s=LARGE_WITHIN_S),
                threads.submit(client.send, small_path, small, 0, within_s=0),
            ]
            time.sleep(dice.uniform(0.02, 0.3) if life % 2 else dice.uniform(0.3, 1.5 * LARGE_WITHIN_S))
            service.kill()
        assert {each.result() for each in sending} <= {None, 204}
    return contents


def finish_with_a_real_client(app: Ecm, client: Client, contents: dict[str, bytes]) -> None:
    end_locks(app)
    for path, content in contents.items():
        url = f"http://127.0.0.1:{client.port}{path}"
        tus = TusClient(f"http://127.0.0.1:{client.port}{PATH}", headers=client.headers)
        uploader = tus.uploader(file_stream=io.BytesIO(content), url=url, chunk_size=3_000_000)
        uploader.upload()
        assert uploader.get_offset() == len(content)


def test_the_lock_of_a_killed_service_ends_by_itself(tmp_path: Path) -> None:
    environment = {**os.environ, "ECM_DATA_DIR": str(tmp_path)}
    with ecm.open_settings(ecm.Settings.from_env(environment)) as app:
        app.migrate()
        firm = make_firm(app, "Альфа")
        with app.begin() as tx:
            token = tx.tokens.add(tx.users.get(firm.olena.user_id))
        service = Service(tmp_path, environment)
        client = Client(service.port, token, firm.deal.id)
        content = make_content(LARGE_BYTES, 0)
        try:
            service.start()
            path = client.create(len(content))
            sending = threading.Thread(target=client.send, args=(path, content, 0), kwargs={"within_s": 60})
            sending.start()
            wait_until(lambda: is_locked(app))
            service.kill()
            sending.join(20)
            service.start()
            offset, _ = client.ask(path)
            assert is_locked(app)
            wait_until(lambda: client.send(path, content, offset, within_s=0) == 204)
            document = client.ask(path)[1]
        finally:
            service.kill()
        with app.read(firm.olena, document or "") as reader:
            assert reader.read() == content


def is_locked(app: Ecm) -> bool:
    with app.begin() as tx:
        return tx.session.scalars(select(Upload.lock_token)).one() is not None


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def check_counters(app: Ecm, firm: Firm, contents: dict[str, bytes]) -> None:
    """Counters, rows and blobs tell the same."""
    with app.begin() as tx:
        session = tx.session
        total = sum(len(content) for content in contents.values())
        assert session.scalar(select(func.sum(Version.size_bytes))) == total
        assert session.scalar(select(func.count()).select_from(Version)) == len(contents)
        assert session.scalar(select(CompanyUsage.held_bytes)) == total
        user = select(UserUsage.held_bytes).where(UserUsage.user_id == firm.olena.user_id)
        assert session.scalar(user) == total
        assert session.scalar(select(func.count()).select_from(Intent)) == 0
        keys = set(session.scalars(select(Version.storage_key)))
    assert {blob.key for blob in app.storage.list()} == keys
    assert app.storage.collect(older_than_s=-60) == 0
