"""The local disk as it fails: full, forbidden, gone, and its writers killed."""

from __future__ import annotations

import hashlib
import os
import random
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

import pytest

from ecm.storage.errors import NotFound, Unavailable
from ecm.storage.local import LocalStorage

LIMIT_BYTES = 512 * 1024

# Each runs in a process of its own, with the folder as its argument.
WRITE_FOR_EVER = """
import hashlib, io, itertools, random, sys
from ecm.storage.local import LocalStorage

storage = LocalStorage(sys.argv[1])
draw = random.Random(int(sys.argv[2]))
for number in itertools.count():
    content = draw.randbytes(draw.choice([0, 100, 20_000, 700_000, 3_000_000]))
    key = f"{draw.choice('abc')}/{sys.argv[2]}-{number}-{hashlib.sha256(content).hexdigest()}"
    if number % 3:
        storage.put(key, io.BytesIO(content), size_bytes=len(content))
    else:
        state = storage.begin(key, size_bytes=len(content))
        for piece in (content[:1000], content[1000:]):
            state = storage.append(key, state, io.BytesIO(piece)).state
        storage.finish(key, state)
    print(key, flush=True)
"""

WRITE_BEYOND_THE_LIMIT = """
import io, sys
from ecm.storage.errors import Unavailable
from ecm.storage.local import LocalStorage

storage = LocalStorage(sys.argv[1])
storage.put("small", io.BytesIO(b"fits"))
content = bytes(1024 * 1024)
state = storage.begin("pieces", size_bytes=len(content))
state = storage.append("pieces", state, io.BytesIO(content[:1000])).state
for use in (
    lambda: storage.put("declared", io.BytesIO(content), size_bytes=len(content)),
    lambda: storage.put("undeclared", io.BytesIO(content)),
    lambda: storage.append("pieces", state, io.BytesIO(content[1000:])),
):
    try:
        use()
    except Unavailable as error:
        print(error.reason, type(error.__cause__).__name__)
print(state)
"""

USE_WITHOUT_RIGHTS = """
import io, os, sys
from ecm.storage.errors import Unavailable
from ecm.storage.local import LocalStorage

storage = LocalStorage(sys.argv[1])
if os.geteuid() == 0:  # root may write everywhere, read-only folders too
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for use in (
    lambda: storage.put("new", io.BytesIO(b"1")),
    lambda: storage.begin("new", size_bytes=1),
    lambda: storage.delete("old"),
    lambda: storage.open("old"),
    lambda: list(storage.list()),
    lambda: LocalStorage(os.path.join(sys.argv[1], "below")),
):
    try:
        use()
    except Unavailable as error:
        print(error.reason)
"""


def run(program: str, *arguments: object, limit_bytes: int | None = None) -> list[str]:
    def limit_files() -> None:
        assert limit_bytes is not None
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))

    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=limit_files if limit_bytes else None,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def list_keys(storage: LocalStorage) -> list[str]:
    return [info.key for info in storage.list()]


def test_a_disk_that_takes_no_more_is_unavailable_and_keeps_nothing(tmp_path: Path) -> None:
    """The kernel refuses writes beyond the process's limit on files, as it does those to a full disk."""
    *reasons, state = run(WRITE_BEYOND_THE_LIMIT, tmp_path, limit_bytes=LIMIT_BYTES)
    assert reasons == ["the file is larger than this system allows OSError"] * 3
    storage = LocalStorage(tmp_path)
    assert list_keys(storage) == ["small"]
    # The upload in pieces is all that is left, and it goes on from what was kept.
    assert len(os.listdir(tmp_path / ".uploads")) == 1
    state = storage.append("pieces", state, BytesIO(bytes(1024 * 1024 - 1000))).state
    storage.finish("pieces", state)
    assert os.listdir(tmp_path / ".uploads") == []
    with storage.open("pieces") as reader:
        assert reader.read() == bytes(1024 * 1024)


def test_a_folder_that_may_not_be_used_is_unavailable_for_each_use(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    LocalStorage(folder).put("old", BytesIO(b"stays"))
    # An unprivileged process has to come to the folder, and no further.
    for above in (folder, *folder.parents):
        if above == Path(above.anchor) or above.stat().st_uid != os.geteuid():
            break
        above.chmod(above.stat().st_mode | stat.S_IXOTH)
    (folder / ".uploads").chmod(0o555)
    (folder / "old").chmod(0)
    folder.chmod(0o111)
    try:
        reasons = run(USE_WITHOUT_RIGHTS, folder)
    finally:
        folder.chmod(0o755)
        (folder / ".uploads").chmod(0o755)
        (folder / "old").chmod(0o644)
    assert reasons == ["the folder of files may not be used by this process (permission denied)"] * 6
    storage = LocalStorage(folder)
    assert list_keys(storage) == ["old"]
    assert os.listdir(folder / ".uploads") == []


def test_a_folder_below_a_file_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unavailable):
        LocalStorage(tmp_path / "file" / "files")
    with pytest.raises(Unavailable):
        LocalStorage(tmp_path / "file")


def test_a_folder_that_is_gone_is_unavailable_rather_than_empty(tmp_path: Path) -> None:
    """A disk that is not mounted must not look as if all blobs had been lost."""
    storage = LocalStorage(tmp_path / "files")
    storage.put("a/blob", BytesIO(b"1"))
    state = storage.begin("upload", size_bytes=1)
    shutil.rmtree(tmp_path / "files")
    for use in (
        lambda: storage.open("a/blob"),
        lambda: storage.stat("a/blob"),
        lambda: storage.delete("a/blob"),
        lambda: storage.put("b/blob", BytesIO(b"1")),
        lambda: storage.begin("b/blob", size_bytes=1),
        lambda: storage.append("upload", state, BytesIO(b"1")),
        lambda: storage.finish("upload", state.replace('"size_bytes": 1', '"size_bytes": 0')),
        lambda: storage.abort("upload", state),
        lambda: storage.collect(older_than_s=0),
        lambda: list(storage.list()),
    ):
        with pytest.raises(Unavailable, match="the folder of files is not there"):
            use()


def test_an_empty_folder_that_somebody_tidied_away_is_made_again(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    storage.put("a/b/blob", BytesIO(b"1"))
    storage.delete("a/b/blob")
    (tmp_path / "a" / "b").rmdir()
    (tmp_path / "a").rmdir()
    storage.put("a/b/blob", BytesIO(b"2"))
    assert list_keys(storage) == ["a/b/blob"]


def test_a_file_that_lost_its_end_is_not_read_as_if_it_were_whole(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    storage.put("blob", BytesIO(bytes(1000)))
    with storage.open("blob") as reader:
        os.truncate(tmp_path / "blob", 10)
        with pytest.raises(Exception, match="left to read"):
            reader.read()


def test_a_writer_that_was_killed_between_publishing_and_tidying_harms_no_blob(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    begun = storage.begin("blob", size_bytes=3)
    state = storage.append("blob", begun, BytesIO(b"abc")).state
    [name] = os.listdir(tmp_path / ".uploads")
    os.link(tmp_path / ".uploads" / name, tmp_path / "blob")  # and here came the kill
    with pytest.raises(NotFound):
        storage.append("blob", begun, BytesIO(b"xyz"))
    storage.abort("blob", state)
    with storage.open("blob") as reader:
        assert reader.read() == b"abc"
    assert os.listdir(tmp_path / ".uploads") == []


def test_writers_killed_at_any_moment_leave_whole_blobs_only(tmp_path: Path) -> None:
    draw = random.Random(7)
    for number in range(8):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITE_FOR_EVER, str(tmp_path), str(number)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        first = writer.stdout.readline()
        time.sleep(draw.uniform(0, 0.2))
        writer.send_signal(signal.SIGKILL)
        rest, _ = writer.communicate(timeout=30)
        acknowledged = {line for line in (first + rest).splitlines(keepends=True) if line.endswith("\n")}
        storage = LocalStorage(tmp_path)
        found = set(list_keys(storage))
        assert {line.strip() for line in acknowledged} <= found
        for key in found:
            if key.split("/")[1].startswith(f"{number}-"):
                with storage.open(key) as reader:
                    assert hashlib.sha256(reader.read()).hexdigest() == key.rpartition("-")[2]
    before = set(list_keys(storage))
    storage.collect(older_than_s=0)
    assert os.listdir(tmp_path / ".uploads") == []
    assert set(list_keys(storage)) == before
