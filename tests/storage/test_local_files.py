"""What the local disk does beyond the contract."""

from __future__ import annotations

import io
import os
import stat
import threading
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from ecm.storage.errors import InvalidKey, Unavailable
from ecm.storage.local import LocalStorage


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "files")


def test_a_reader_seeks_by_positions_of_the_whole_blob(storage: LocalStorage) -> None:
    storage.put("blob", BytesIO(b"0123456789"))
    with storage.open("blob", start=2, length_bytes=6) as reader:
        assert reader.tell() == 2
        assert reader.read(2) == b"23"
        assert reader.seek(-1, os.SEEK_END) == 7
        assert (reader.remaining_bytes, reader.read(), reader.tell()) == (1, b"7", 8)
        assert reader.seek(100) == 8
        assert reader.seek(-3, os.SEEK_CUR) == 5
        assert reader.read() == b"567"


def test_a_blob_can_be_opened_as_the_archive_that_it_is(storage: LocalStorage) -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("word/document.xml", "договір")
    storage.put("blob", BytesIO(packed.getvalue()))
    with storage.open("blob") as reader, zipfile.ZipFile(reader) as archive:
        assert archive.read("word/document.xml").decode() == "договір"


def test_the_kernel_can_send_a_range(storage: LocalStorage, tmp_path: Path) -> None:
    storage.put("blob", BytesIO(b"0123456789"))
    with storage.open("blob", start=3, length_bytes=4) as reader, open(tmp_path / "out", "wb") as out:
        os.sendfile(out.fileno(), reader.fileno(), None, reader.remaining_bytes)
    assert (tmp_path / "out").read_bytes() == b"3456"


def test_files_are_for_the_owner_and_the_group(storage: LocalStorage, tmp_path: Path) -> None:
    storage.put("a/blob", BytesIO(b"1"))
    for path in (tmp_path / "files" / "a" / "blob", tmp_path / "files" / "a", tmp_path / "files"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o027 == 0


def test_a_key_below_a_blob_is_refused(storage: LocalStorage) -> None:
    storage.put("a", BytesIO(b"1"))
    for key in ("a/b", "a/b/c"):
        with pytest.raises(InvalidKey):
            storage.put(key, BytesIO(b"1"))
    assert [info.key for info in storage.list()] == ["a"]


def test_list_is_by_the_whole_key_where_folders_and_files_meet(storage: LocalStorage) -> None:
    keys = ["a-b/c", "a.b", "a/b", "a0", "b"]
    for key in reversed(keys):
        storage.put(key, BytesIO(b""))
    assert [info.key for info in storage.list()] == keys


def test_what_else_lies_in_the_folder_is_no_blob(storage: LocalStorage, tmp_path: Path) -> None:
    storage.put("blob", BytesIO(b""))
    (tmp_path / "files" / "lost+found").mkdir(0)
    (tmp_path / "files" / ".DS_Store").write_bytes(b"1")
    (tmp_path / "files" / "Thumbs.db").write_bytes(b"1")
    assert [info.key for info in storage.list()] == ["blob"]


def test_two_pieces_of_one_upload_at_once_are_refused(storage: LocalStorage) -> None:
    state = storage.begin("blob", size_bytes=100)
    reading, go_on = threading.Event(), threading.Event()

    class Waiting(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            reading.set()
            assert go_on.wait(10)
            return super().read(size)

    first = threading.Thread(target=storage.append, args=("blob", state, Waiting(b"1" * 100)))
    first.start()
    assert reading.wait(10)
    try:
        with pytest.raises(Unavailable, match="another piece"):
            storage.append("blob", state, BytesIO(b"2"))
    finally:
        go_on.set()
        first.join()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("file:var/files", "var/files"),
        ("file:{}/files", "{}/files"),
        ("file://{}/files", "{}/files"),
        ("file://localhost{}/files", "{}/files"),
        ("file:{}/with%20space", "{}/with space"),
    ],
)
def test_a_url_names_the_folder(
    url: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    storage = LocalStorage.from_url(url.format(tmp_path))
    assert storage.folder == str(tmp_path / expected.format(tmp_path))


@pytest.mark.parametrize("url", ["file:", "s3://bucket", "var/files", "", "file://server/share"])
def test_a_url_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="expected file:path"):
        LocalStorage.from_url(url)
