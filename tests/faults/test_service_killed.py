"""``kill -9`` of the whole service at twenty random moments of upload and delete.

What was answered holds afterwards: every acknowledged document is there byte for byte, every
acknowledged deletion is final, counters add up after the sweep, and search catches up.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

import ecm
from ecm import Ecm
from ecm.errors import NotFound
from ecm.models import CompanyUsage, Intent, UserUsage, Version
from ecm.previews import PREFIX
from tests.firms import Firm, make_firm, stored_keys
from tests.servers.processes import free_port

KILLS = 20
CLIENTS = 3
LEASE_S = 2


@dataclass
class Client:
    """One person's program: uploads and deletes, and remembers what was answered."""

    port: int
    token: str
    deal_id: int
    seed: int
    stored: dict[str, bytes] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    unsure: dict[str, bytes] = field(default_factory=dict)

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop, or until the service is gone."""
        dice = random.Random(self.seed)
        while not stop.is_set():
            try:
                if self.stored and dice.random() < 0.35:
                    self._delete(dice.choice(sorted(self.stored)))
                else:
                    # Long by few words: what takes time here are bytes, not their analysis.
                    self._upload(secrets.token_hex(8).encode() + b" slovo" * dice.choice((1, 1_000, 100_000)))
            except (OSError, http.client.HTTPException):
                return

    def _upload(self, content: bytes) -> None:
        status, body = self._ask("POST", f"/api/v1/deals/{self.deal_id}/documents?filename=a.txt", content)
        assert status == 201
        self.stored[json.loads(body)["id"]] = content

    def _delete(self, id: str) -> None:
        self.unsure[id] = self.stored.pop(id)
        status, _ = self._ask("DELETE", f"/api/v1/documents/{id}?purge=1")
        assert status == 204
        del self.unsure[id]
        self.deleted.add(id)

    def _ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with closing(connection):
            connection.request(method, path, body, {"Authorization": f"Bearer {self.token}"})
            answer = connection.getresponse()
            return answer.status, answer.read()


@contextmanager
def service(port: int, environment: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`ecm serve` on `port`, ready; killed at the end."""
    command = [sys.executable, "-m", "ecm.cli", "serve", "--port", str(port)]
    with (folder / "serve.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        for _ in range(300):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                with closing(connection):
                    connection.request("GET", "/readyz")
                    if connection.getresponse().status == 200:
                        break
            except OSError:
                time.sleep(0.1)
        else:
            raise AssertionError(f"the service does not answer: {(folder / 'serve.log').read_text()[-2000:]}")
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def test_twenty_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "ECM_DATA_DIR": str(tmp_path),
        "ECM_UPLOAD_LEASE_S": str(LEASE_S),
        "ECM_STAGED_LEASE_S": str(LEASE_S),
    }
    settings = ecm.Settings.from_env(environment)
    with ecm.open_settings(settings) as app:
        app.migrate()
        firm = make_firm(app, "Альфа", tariff="extended")
        with app.begin() as tx:
            token = tx.tokens.add(tx.users.get(firm.admin.user_id))
    port = free_port()
    dice = random.Random(20)
    clients = [Client(port, token, firm.deal.id, seed) for seed in range(CLIENTS)]
    for _ in range(KILLS):
        with service(port, environment, tmp_path):
            stop = threading.Event()
            threads = [threading.Thread(target=client.run, args=(stop,)) for client in clients]
            for thread in threads:
                thread.start()
            time.sleep(dice.uniform(0.05, 1.0))
        stop.set()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
    assert sum(len(client.stored) + len(client.deleted) for client in clients) > KILLS
    with ecm.open_settings(settings) as app:
        check_documents(app, firm, clients)
        time.sleep(LEASE_S + 0.1)
        app.sweep()
        check_counters(app)
        app.work_off()
        check_search(app, firm)
        check_previews(app)


def check_documents(app: Ecm, firm: Firm, clients: list[Client]) -> None:
    """What was acknowledged is there byte for byte; what was deleted is not; the rest is whole or gone."""
    for client in clients:
        for id, content in client.stored.items():
            with app.read(firm.admin, id) as reader:
                assert reader.read() == content
        for id in [*client.deleted, *client.unsure]:
            try:
                with app.read(firm.admin, id) as reader:
                    assert reader.read() == client.unsure[id]
            except NotFound:
                continue


def check_counters(app: Ecm) -> None:
    """Counters, rows and blobs tell the same."""
    with app.begin() as tx:
        session = tx.session
        total = session.scalar(select(func.sum(Version.size_bytes)))
        assert session.scalar(select(CompanyUsage.held_bytes)) == total
        assert session.scalar(select(func.sum(UserUsage.held_bytes))) == total
        assert session.scalar(select(func.count()).select_from(Intent)) == 0
        keys = set(session.scalars(select(Version.storage_key)))
    assert stored_keys(app) == keys


def check_previews(app: Ecm) -> None:
    """There are pictures of no version that is gone."""
    with app.begin() as tx:
        ids = set(tx.session.scalars(select(Version.id)))
    assert {int(blob.key.split("/")[2]) for blob in app.storage.list(PREFIX)} <= ids


def check_search(app: Ecm, firm: Firm) -> None:
    """Search finds all that there is, and nothing else."""
    with app.begin(firm.admin) as tx:
        documents = {document.id for document in tx.documents.of_card(firm.deal, per_page=1000)}
    found = app.search(firm.admin, "slovo", per_page=1000)
    assert (found.pending, {hit.document.id for hit in found}) == (0, documents)
