"""Bytes that are counted before they move, and while they do."""

from __future__ import annotations

import threading
from io import BytesIO
from pathlib import Path

import pytest

from ecm.storage.errors import AlreadyExists, Corrupt, NotFound, QuotaExceeded, Unavailable
from ecm.storage.interface import BlobInfo, Source
from ecm.storage.local import LocalStorage
from ecm.storage.quota import QuotaStorage, Tariff
from tests.storage.memory_ledger import MemoryLedger

MIB = 1024 * 1024
KIB = 1024


class Untold:
    """A source that must not be read."""

    def read(self, size: int, /) -> bytes:
        raise AssertionError("read before it was allowed")


@pytest.fixture
def inside(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path)


def names(ledger: MemoryLedger) -> list[str]:
    return [name for name, _ in ledger.calls]


def test_a_declared_size_over_the_limit_is_refused_before_a_byte_is_read(inside: LocalStorage) -> None:
    ledger = MemoryLedger(limit_bytes=100)
    storage = QuotaStorage(inside, ledger)
    storage.put("first", BytesIO(bytes(60)), size_bytes=60)
    with pytest.raises(QuotaExceeded) as raised:
        storage.put("second", Untold(), size_bytes=41)
    error = raised.value
    assert (error.limit_bytes, error.used_bytes, error.reserved_bytes, error.requested_bytes) == (
        100,
        60,
        0,
        41,
    )
    assert ledger.holds() == {"first": 60}
    storage.put("second", BytesIO(bytes(40)), size_bytes=40)


def test_a_small_upload_of_unknown_size_asks_for_its_exact_size(inside: LocalStorage) -> None:
    ledger = MemoryLedger(limit_bytes=1000)
    QuotaStorage(inside, ledger).put("blob", BytesIO(bytes(1000)))
    assert ledger.calls == [("reserve", 0), ("grow", 1000), ("settle", 1000)]


def test_an_upload_of_unknown_size_asks_in_growing_steps_and_is_trimmed(inside: LocalStorage) -> None:
    ledger = MemoryLedger(limit_bytes=None)
    QuotaStorage(inside, ledger).put("blob", BytesIO(bytes(40 * MIB + 1)))
    steps = [size for name, size in ledger.calls if name == "grow"]
    assert steps == [MIB, 2 * MIB, 4 * MIB, 8 * MIB, 8 * MIB, 8 * MIB, 8 * MIB, 8 * MIB]
    assert ledger.holds() == {"blob": 40 * MIB + 1}


@pytest.mark.parametrize("size", [0, 1, MIB, 3 * MIB - 1, 3 * MIB, 9 * MIB + 17, 12 * MIB])
def test_an_upload_of_unknown_size_that_just_fits_is_never_refused(inside: LocalStorage, size: int) -> None:
    ledger = MemoryLedger(limit_bytes=size + 10)
    storage = QuotaStorage(inside, ledger)
    storage.put("small", BytesIO(bytes(10)))
    storage.put("blob", BytesIO(bytes(size)))
    assert ledger.holds() == {"small": 10, "blob": size}
    with pytest.raises(QuotaExceeded):
        storage.put("more", BytesIO(b"1"))
    assert [info.key for info in inside.list()] == ["blob", "small"]


@pytest.mark.parametrize("size", [1, MIB, 3 * MIB, 12 * MIB + 1])
def test_an_upload_of_unknown_size_that_is_one_byte_over_leaves_nothing(
    inside: LocalStorage, tmp_path: Path, size: int
) -> None:
    ledger = MemoryLedger(limit_bytes=size - 1)
    with pytest.raises(QuotaExceeded):
        QuotaStorage(inside, ledger).put("blob", BytesIO(bytes(size)))
    assert ledger.holds() == {}
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("declared", [True, False])
def test_the_limit_is_exact_under_many_uploads_at_once(inside: LocalStorage, declared: bool) -> None:
    size = 20 * KIB
    ledger = MemoryLedger(limit_bytes=60 * size + size - 1)
    refused: list[QuotaExceeded] = []

    def upload(number: int) -> None:
        # One uploader each, as in life: a storage for each upload over one ledger.
        try:
            QuotaStorage(inside, ledger).put(
                f"blob/{number:03}", BytesIO(bytes(size)), size_bytes=size if declared else None
            )
        except QuotaExceeded as error:
            refused.append(error)

    threads = [threading.Thread(target=upload, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = {info.key: info.size_bytes for info in inside.list()}
    assert len(stored) == 60
    assert len(refused) == 40
    assert ledger.holds() == stored


def test_a_lease_is_renewed_as_bytes_flow_and_not_at_each_read(inside: LocalStorage) -> None:
    often = MemoryLedger(limit_bytes=None, renew_every_s=0)
    QuotaStorage(inside, often).put("often", BytesIO(bytes(3 * MIB)), size_bytes=3 * MIB)
    assert names(often).count("renew") >= 3
    seldom = MemoryLedger(limit_bytes=None, renew_every_s=3600)
    QuotaStorage(inside, seldom).put("seldom", BytesIO(bytes(3 * MIB)), size_bytes=3 * MIB)
    assert names(seldom) == ["reserve", "settle"]


def test_an_upload_in_pieces_holds_its_whole_size_from_the_start(inside: LocalStorage) -> None:
    ledger = MemoryLedger(limit_bytes=100, renew_every_s=0)
    storage = QuotaStorage(inside, ledger)
    state = storage.begin("blob", size_bytes=70)
    with pytest.raises(QuotaExceeded):
        storage.begin("other", size_bytes=31)
    state = storage.append("blob", state, BytesIO(bytes(30))).state
    state = storage.append("blob", state, BytesIO(bytes(40))).state
    assert ledger.holds() == {"blob": 70}
    assert "renew" in names(ledger)
    storage.finish("blob", state)
    storage.abort("blob", state)
    assert ledger.holds() == {"blob": 70}
    storage.delete("blob")
    assert ledger.holds() == {}


def test_an_upload_whose_lease_ended_is_stopped_and_leaves_nothing(inside: LocalStorage) -> None:
    ledger = MemoryLedger(limit_bytes=None, renew_every_s=0)
    storage = QuotaStorage(inside, ledger)

    class Expiring:
        given = 0

        def read(self, size: int, /) -> bytes:
            self.given += 1
            assert self.given < 20, "not stopped"
            if self.given == 5:
                ledger.expire("blob")
            return bytes(size)

    with pytest.raises(NotFound):
        storage.put("blob", Expiring(), size_bytes=100 * MIB)
    assert list(inside.list()) == []


@pytest.mark.parametrize("in_pieces", [True, False])
def test_bytes_whose_hold_is_gone_when_they_are_durable_are_deleted(
    inside: LocalStorage, in_pieces: bool
) -> None:
    ledger = MemoryLedger(limit_bytes=None, renew_every_s=3600)
    storage = QuotaStorage(inside, ledger)

    class Expiring(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if "blob" in ledger.holds():
                ledger.expire("blob")
            return super().read(size)

    def write() -> None:
        if in_pieces:
            state = storage.begin("blob", size_bytes=5)
            state = storage.append("blob", state, Expiring(b"12345")).state
            storage.finish("blob", state)
        else:
            storage.put("blob", Expiring(b"12345"), size_bytes=5)

    with pytest.raises(NotFound):
        write()
    assert list(inside.list()) == []
    assert ledger.holds() == {}


class FailingStorage(LocalStorage):
    """A disk that fails once the bytes are durable, so that nobody knows, and may go on failing."""

    deletes = True

    def put(
        self, key: str, source: Source, *, size_bytes: int | None = None, sha256: str | None = None
    ) -> BlobInfo:
        super().put(key, source, size_bytes=size_bytes, sha256=sha256)
        raise Unavailable("the answer was lost")

    def delete(self, key: str) -> None:
        if not self.deletes:
            raise Unavailable("still away")
        super().delete(key)


def test_an_unclear_failure_deletes_the_bytes_and_then_gives_the_hold_back(tmp_path: Path) -> None:
    inside, ledger = FailingStorage(tmp_path), MemoryLedger(limit_bytes=None)
    with pytest.raises(Unavailable, match="answer was lost"):
        QuotaStorage(inside, ledger).put("blob", BytesIO(b"1"), size_bytes=1)
    assert list(inside.list()) == []
    assert ledger.holds() == {}


def test_an_unclear_failure_keeps_the_hold_when_the_bytes_cannot_be_deleted(tmp_path: Path) -> None:
    inside, ledger = FailingStorage(tmp_path), MemoryLedger(limit_bytes=None)
    inside.deletes = False
    storage = QuotaStorage(inside, ledger)
    with pytest.raises(Unavailable, match="answer was lost"):
        storage.put("blob", BytesIO(b"1"), size_bytes=1)
    assert ledger.holds() == {"blob": 1}
    with pytest.raises(Unavailable, match="still away"):
        storage.delete("blob")
    assert ledger.holds() == {"blob": 1}
    inside.deletes = True
    storage.delete("blob")
    assert ledger.holds() == {}


class BrokenLedger(MemoryLedger):
    """A ledger whose database goes away after the reservation."""

    def release(self, key: str) -> None:
        raise ConnectionError("no database")


def test_the_error_of_the_write_comes_through_whatever_the_ledger_says(inside: LocalStorage) -> None:
    storage = QuotaStorage(inside, BrokenLedger(limit_bytes=None))
    with pytest.raises(Corrupt):
        storage.put("blob", BytesIO(b"1"), size_bytes=2)
    inside.put("taken", BytesIO(b"another's"))
    with pytest.raises(AlreadyExists):
        storage.put("taken", BytesIO(b"1"))


@pytest.mark.parametrize(("promised", "error"), [(1, AlreadyExists), (2, Corrupt)])
def test_a_write_that_failed_does_not_delete_what_another_wrote(
    inside: LocalStorage, promised: int, error: type[Exception]
) -> None:
    inside.put("blob", BytesIO(b"another's"))
    ledger = MemoryLedger(limit_bytes=None)
    with pytest.raises(error):
        QuotaStorage(inside, ledger).put("blob", BytesIO(b"1"), size_bytes=promised)
    with inside.open("blob") as reader:
        assert reader.read() == b"another's"
    assert ledger.holds() == {}


def test_a_tariff_has_a_limit_or_none_as_its_scope_says() -> None:
    Tariff("free", "company", 200 * MIB)
    Tariff("empty", "user", 0)
    Tariff("extended", "unlimited", None)
    for wrong in (("company", None), ("unlimited", 1), ("user", -1)):
        with pytest.raises(ValueError, match="tariff"):
            Tariff("wrong", *wrong)
