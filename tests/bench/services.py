"""Services under measure, each in processes of its own: `ecm serve`, and the bare one beside it."""

from __future__ import annotations

import os
import secrets
import selectors
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil

from tests.bench.library import opened, unlimited_firm
from tests.bench.scratch import ROOT
from tests.servers.processes import end_with_parent, free_port, stop

START_S = 60
SAMPLE_EVERY_S = 0.05


@dataclass
class Service:
    """A running service. `address` is where it listens; `stop` ends it, and so does this process's end."""

    command: list[str]
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens, which it says in a line ``... http://HOST:PORT``."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("ECM_")}
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env={**own, "PYTHONPATH": str(ROOT), **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                preexec_fn=end_with_parent(signal.SIGTERM),
            )
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as ready:
            ready.register(self._process.stdout, selectors.EVENT_READ)
            line = self._process.stdout.readline().decode() if ready.select(START_S) else ""
        if "http://" not in line:
            self.stop()
            raise RuntimeError(f"{self.command} did not start: {(self.folder / 'log').read_text()[-4000:]}")
        self.port = int(line.strip().rpartition(":")[2])

    def stop(self) -> None:
        """End it. Idempotent."""
        if self._process is not None:
            stop(self._process, patience_s=40)
            self._process = None

    def processes(self) -> list[psutil.Process]:
        """Its process, and all below it."""
        assert self._process is not None, "not started"
        root = psutil.Process(self._process.pid)
        return [root, *root.children(recursive=True)]

    def memory_bytes(self) -> int:
        """The memory of all its processes, what they share counted once (PSS)."""
        total = 0
        for process in self.processes():
            try:
                total += process.memory_full_info().pss
            except psutil.NoSuchProcess:  # a reader of files that has just ended
                continue
        return total

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class MemoryWatch:
    """Looks at a service's memory again and again in a thread; `most_bytes` is the most that it saw."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.most_bytes = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(SAMPLE_EVERY_S):
            self.most_bytes = max(self.most_bytes, self._service.memory_bytes())


@dataclass(frozen=True)
class OurService:
    """`ecm serve` on SQLite and a folder, with a company that has no limit, a deal and a token."""

    service: Service
    token: str
    deal_id: int

    @property
    def authorization(self) -> dict[str, str]:
        """The header that says who asks."""
        return {"Authorization": f"Bearer {self.token}"}


def our_service(folder: Path) -> OurService:
    """`ecm serve`, to be started, with all of its data in `folder`."""
    with opened(folder) as app:
        firm = unlimited_firm(app)
        with app.begin() as tx:
            token = tx.tokens.add(tx.users.by_email(firm.olena.email or ""))
    serve = ["serve", "--port", str(free_port())]
    command = [sys.executable, "-c", "from ecm.cli import main; main()", *serve]
    return OurService(
        Service(command, folder, {"ECM_DATA_DIR": str(folder), "ECM_SECRET_KEY": secrets.token_hex(16)}),
        token,
        firm.deal.id,
    )


def bare_service(folder: Path) -> Service:
    """The bare service, to be started, which keeps what it is sent in `folder`."""
    folder.mkdir(parents=True)
    return Service([sys.executable, "-m", "tests.bench.bare_service", str(folder)], folder)
