"""Resumable uploads: pieces, locks, leases, and what a crash between two steps leaves."""

from __future__ import annotations

import hashlib
import io
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

import ecm
from ecm import Ecm, clock, tus, upload_lock, upload_pieces
from ecm.errors import (
    ChecksumMismatch,
    Invalid,
    NotFound,
    OffsetMismatch,
    StagedFileExpired,
    UploadLocked,
    UploadTooLong,
)
from ecm.ledger import release_intent
from ecm.models import Document, Intent, Upload
from ecm.search.analysis import Analyzer
from ecm.storage.errors import QuotaExceeded
from ecm.tus import ResumableUpload
from ecm.upload_pieces import Checksum
from ecm.wiring import ChildPools
from tests.firms import Firm, make_firm, usage

MEGABYTE = 1_048_576


@pytest.fixture(params=["local", "s3"])
def place(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    migrated_sqlite: Path,
    analyzer: Analyzer,
    child_pools: ChildPools,
) -> Iterator[Ecm]:
    """The library on each kind of storage."""
    local = request.param == "local"
    storage = f"file:{tmp_path / 'files'}" if local else request.getfixturevalue("s3_url")
    shutil.copyfile(migrated_sqlite, tmp_path / "place.db")
    with ecm.open(
        database=f"sqlite:///{tmp_path / 'place.db'}",
        storage=storage,
        search=f"whoosh:{tmp_path / 'index'}",
        analyzer=analyzer,
        child_pools=child_pools,
    ) as app:
        yield app


def make_content(size_bytes: int) -> bytes:
    return random.Random(size_bytes).randbytes(size_bytes)


def begin(app: Ecm, firm: Firm, size_bytes: int, **options: Any) -> ResumableUpload:
    return app.uploads.create(
        firm.olena, card=firm.deal, size_bytes=size_bytes, filename="Договір.bin", **options
    )


def send(app: Ecm, firm: Firm, id: str, offset: int, content: bytes, **options: Any) -> ResumableUpload:
    return app.uploads.append(firm.olena, id, offset, io.BytesIO(content), **options)


def read(app: Ecm, firm: Firm, document_id: int | None) -> bytes:
    assert document_id is not None
    with app.read(firm.olena, document_id) as reader:
        return reader.read()


def count(app: Ecm, table: Any) -> int:
    with app.begin() as tx:
        return tx.session.scalars(select(func.count()).select_from(table)).one()


def age(app: Ecm, seconds: float) -> None:
    """Let time pass for all uploads and intents."""
    with app.begin() as tx:
        for intent in tx.session.scalars(select(Intent)):
            intent.receiving_until -= timedelta(seconds=seconds)
            intent.attach_until -= timedelta(seconds=seconds)
        for upload in tx.session.scalars(select(Upload)):
            upload.expires_at -= timedelta(seconds=seconds)


class Breaking:
    """A source whose connection breaks after some bytes."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def read(self, size: int, /) -> bytes:
        chunk = self._content.read(size)
        if not chunk:
            raise ConnectionResetError("the client is gone")
        return chunk


class Stalling:
    """A source that gives some bytes, then nothing until it may go on; then the rest."""

    def __init__(self, first: bytes, rest: bytes = b"") -> None:
        self.stalled = threading.Event()
        self.go_on = threading.Event()
        self._parts = [first, rest]

    def read(self, size: int, /) -> bytes:
        if len(self._parts) == 1:
            self.stalled.set()
            assert self.go_on.wait(30)
        if not self._parts:
            return b""
        chunk, self._parts[0] = self._parts[0][:size], self._parts[0][size:]
        if not self._parts[0]:
            del self._parts[0]
        return chunk


class Killed(BaseException):
    """What a `kill -9` is to the code that it hits: nothing after it runs that is not in a database."""


class Interfering:
    """The storage inside, with something that happens before or after one of its methods."""

    def __init__(self, app: Ecm, method: str, before: Callable[[], None], after: Callable[[], None]) -> None:
        self._inside = app.storage
        self._method = method
        self._before, self._after = before, after

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inside, name)
        if name != self._method:
            return method

        def interfere(*args: Any, **options: Any) -> Any:
            self._before()
            result = method(*args, **options)
            self._after()
            return result

        return interfere


def nothing() -> None:
    pass


def interfere(
    app: Ecm, method: str, *, before: Callable[[], None] = nothing, after: Callable[[], None] = nothing
) -> None:
    app.uploads._storage = Interfering(app, method, before, after)  # type: ignore[assignment]


def undisturbed(app: Ecm) -> None:
    app.uploads._storage = app.storage


def die() -> None:
    raise Killed


def in_thread(work: Callable[[], object]) -> Future[object]:
    executor = ThreadPoolExecutor(1)
    future = executor.submit(work)
    executor.shutdown(wait=False)
    return future


# What is kept, on each storage. 5 MiB and 8 MiB are where S3's parts begin and end.


@pytest.mark.parametrize(
    "sizes",
    [
        [],
        [1],
        [3, 2, 1],
        [5 * MEGABYTE - 1, 1],
        [1, 5 * MEGABYTE, 17],
        [8 * MEGABYTE + 1, 3 * MEGABYTE + 5, 5 * MEGABYTE, 1],
        [2_000_003, 2_000_003, 2_000_003, 2_000_003],
        [17 * MEGABYTE],
    ],
    ids=lambda sizes: "+".join(map(str, sizes)) or "empty",
)
def test_pieces_of_any_sizes_become_one_document(place: Ecm, sizes: list[int]) -> None:
    firm = make_firm(place, "Альфа")
    content = make_content(sum(sizes))
    upload = begin(place, firm, len(content))
    offset = 0
    for size in sizes:
        upload = send(place, firm, upload.id, offset, content[offset : offset + size], size_bytes=size)
        offset += size
        assert upload.offset_bytes == offset
        assert place.uploads.get(firm.olena, upload.id) == upload
    assert read(place, firm, upload.document_id) == content
    with place.begin(firm.olena) as tx:
        document = tx.documents.get(upload.document_id or 0)
    assert document.current.sha256 == hashlib.sha256(content).hexdigest()
    assert document.current.size_bytes == len(content)
    assert usage(place, firm.admin) == (len(content), 0)
    assert [blob.key for blob in place.storage.list()] == [document.current.storage_key]
    assert place.storage.collect(older_than_s=-60) == 0


def test_what_came_before_the_connection_broke_stays(place: Ecm) -> None:
    firm = make_firm(place, "Альфа")
    content = make_content(12 * MEGABYTE + 7)
    upload = begin(place, firm, len(content))
    for end in (100_001, 6 * MEGABYTE, 12 * MEGABYTE):
        offset = place.uploads.get(firm.olena, upload.id).offset_bytes
        with pytest.raises(ConnectionResetError):
            place.uploads.append(firm.olena, upload.id, offset, Breaking(content[offset:end]))
        assert place.uploads.get(firm.olena, upload.id).offset_bytes == end
    upload = send(place, firm, upload.id, end, content[end:])
    assert read(place, firm, upload.document_id) == content


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_piece_with_a_wrong_checksum_is_discarded_alone(place: Ecm, algorithm: str) -> None:
    firm = make_firm(place, "Альфа")
    first, second = make_content(6 * MEGABYTE + 1), make_content(3 * MEGABYTE)
    good = [Checksum(algorithm, hashlib.new(algorithm, piece).digest()) for piece in (first, second)]
    upload = begin(place, firm, len(first) + len(second))
    send(place, firm, upload.id, 0, first, checksum=good[0])
    for wrong in (b"x" * len(second), second[:-1], second[:1]):
        with pytest.raises(ChecksumMismatch):
            send(place, firm, upload.id, len(first), wrong, checksum=good[1])
        assert place.uploads.get(firm.olena, upload.id).offset_bytes == len(first)
    with pytest.raises(ConnectionResetError):
        place.uploads.append(firm.olena, upload.id, len(first), Breaking(second[:-1]), checksum=good[1])
    assert place.uploads.get(firm.olena, upload.id).offset_bytes == len(first)
    upload = send(place, firm, upload.id, len(first), second, checksum=good[1])
    assert read(place, firm, upload.document_id) == first + second
    assert usage(place, firm.admin) == (len(first) + len(second), 0)


@pytest.mark.parametrize("sent_bytes", [0, 1, 9 * MEGABYTE])
def test_a_terminated_upload_leaves_nothing(place: Ecm, sent_bytes: int) -> None:
    firm = make_firm(place, "Альфа")
    upload = begin(place, firm, 10 * MEGABYTE)
    send(place, firm, upload.id, 0, make_content(sent_bytes))
    place.uploads.terminate(firm.olena, upload.id)
    with pytest.raises(NotFound):
        place.uploads.get(firm.olena, upload.id)
    with pytest.raises(NotFound):
        send(place, firm, upload.id, sent_bytes, b"x")
    with pytest.raises(NotFound):
        place.uploads.terminate(firm.olena, upload.id)
    assert usage(place, firm.admin) == (0, 0)
    assert (count(place, Upload), count(place, Intent)) == (0, 0)
    assert list(place.storage.list()) == []
    assert place.storage.collect(older_than_s=-60) == 0


@pytest.mark.parametrize("heal", ["get", "append"])
@pytest.mark.parametrize("size_bytes", [1000, 9 * MEGABYTE])
def test_a_process_that_died_after_publishing_is_healed_by_the_next_request(
    place: Ecm, heal: str, size_bytes: int
) -> None:
    firm = make_firm(place, "Альфа")
    content = make_content(size_bytes)
    upload = begin(place, firm, size_bytes)
    interfere(place, "finish", after=die)
    with pytest.raises(Killed):
        send(place, firm, upload.id, 0, content)
    undisturbed(place)
    place.sweep()
    if heal == "get":
        upload = place.uploads.get(firm.olena, upload.id)
    else:
        upload = send(place, firm, upload.id, size_bytes, b"")
    assert read(place, firm, upload.document_id) == content
    assert usage(place, firm.admin) == (size_bytes, 0)
    assert place.storage.collect(older_than_s=-60) == 0


@pytest.mark.parametrize(
    ("when", "method"),
    [
        ("before", "append"),
        ("after", "append"),
        ("before", "finish"),
        ("after", "finish"),
        ("before", "open"),
    ],
)
def test_a_death_beside_any_step_loses_nothing_that_was_acknowledged(
    place: Ecm, when: str, method: str
) -> None:
    firm = make_firm(place, "Альфа")
    content = make_content(7 * MEGABYTE)
    upload = begin(place, firm, len(content))
    send(place, firm, upload.id, 0, content[:MEGABYTE])
    interfere(place, method, **{when: die})
    with pytest.raises(Killed):
        send(place, firm, upload.id, MEGABYTE, content[MEGABYTE:])
    undisturbed(place)
    upload = place.uploads.get(firm.olena, upload.id)
    assert upload.offset_bytes == (MEGABYTE if method == "append" else len(content))
    upload = send(place, firm, upload.id, upload.offset_bytes, content[upload.offset_bytes :])
    assert read(place, firm, upload.document_id) == content
    assert count(place, Document) == 1
    assert usage(place, firm.admin) == (len(content), 0)


def test_an_upload_that_expired_is_swept_whatever_it_came_to(place: Ecm) -> None:
    firm = make_firm(place, "Альфа")
    content = make_content(6 * MEGABYTE)
    empty, half, whole = (begin(place, firm, len(content)) for _ in range(3))
    send(place, firm, half.id, 0, content[:1000])
    interfere(place, "finish", after=die)
    with pytest.raises(Killed):
        send(place, firm, whole.id, 0, content)
    undisturbed(place)
    age(place, place.leases.tus_s - 60)
    assert place.sweep() == 0
    assert place.uploads.get(firm.olena, half.id).offset_bytes == 1000  # asking does not move the expiry on
    age(place, 120)
    for upload in (empty, half, whole):
        with pytest.raises(NotFound):
            place.uploads.get(firm.olena, upload.id)
        with pytest.raises(NotFound):
            send(place, firm, upload.id, 0, content)
    assert place.sweep() == 3 * len(content)
    assert usage(place, firm.admin) == (0, 0)
    assert (count(place, Upload), count(place, Intent)) == (0, 0)
    assert list(place.storage.list()) == []
    assert place.storage.collect(older_than_s=-60) == 0


# What is promised, on each database.


def test_the_document_is_what_its_upload_said(app: Ecm, alfa: Firm) -> None:
    text = "Договір постачання.\n".encode()
    upload = app.uploads.create(
        alfa.olena,
        card=alfa.deal,
        size_bytes=len(text),
        filename="../Договір №5.txt",
        kind="contract",
        title="Договір з Бетою",
        tags=["терміново"],
        metadata="filename 0JTQvtCz0L7QstGW0YA=",
    )
    assert (upload.offset_bytes, upload.document_id) == (0, None)
    upload = send(app, alfa, upload.id, 0, text)
    assert upload.metadata == "filename 0JTQvtCz0L7QstGW0YA="
    with app.begin(alfa.olena) as tx:
        document = tx.documents.get(upload.document_id or 0)
        events = tx.audit.of("document", document.id).items
    assert (document.title, document.kind, document.tags) == ("Договір з Бетою", "contract", ["терміново"])
    assert [card.id for card in document.cards] == [alfa.deal.id]
    assert document.current.filename == upload.filename == ".._Договір №5.txt"
    assert document.current.media_type == "text/plain"
    assert document.current.uploaded_by_id == alfa.olena.user_id
    assert [event.action for event in events] == ["document.added"]
    app.work_off()
    assert [hit.document.id for hit in app.search(alfa.petro, "постачанням")] == [document.id]


def test_the_whole_length_is_held_before_a_byte_has_come(app: Ecm, alfa: Firm) -> None:
    with app.begin() as tx:
        tx.tariffs.save("free", scope="company", limit_bytes=1000)
    upload = begin(app, alfa, 600)
    assert usage(app, alfa.admin) == (0, 600)
    with pytest.raises(QuotaExceeded) as refused:
        begin(app, alfa, 401)
    assert (refused.value.reserved_bytes, refused.value.requested_bytes) == (600, 401)
    assert count(app, Upload) == 1
    begin(app, alfa, 400)
    send(app, alfa, upload.id, 0, b"x" * 600)
    assert usage(app, alfa.admin) == (600, 400)


def test_an_empty_upload_is_a_document_at_once(app: Ecm, alfa: Firm) -> None:
    upload = begin(app, alfa, 0)
    assert read(app, alfa, upload.document_id) == b""
    assert send(app, alfa, upload.id, 0, b"") == upload
    assert usage(app, alfa.admin) == (0, 0)


@pytest.mark.parametrize(
    "options",
    [{"size_bytes": -1}, {"size_bytes": tus.MOST_BYTES + 1}, {"kind": "poem"}, {"tags": ["x" * 61]},
     {"title": " "}],
)  # fmt: skip
def test_a_value_that_no_document_may_have_is_refused_at_creation(
    app: Ecm, alfa: Firm, options: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as refused:
        begin(app, alfa, **{"size_bytes": 10, **options})
    assert refused.value.field == next(iter(options))
    assert usage(app, alfa.admin) == (0, 0)


def test_a_piece_must_begin_where_the_upload_has_come_to(app: Ecm, alfa: Firm) -> None:
    upload = begin(app, alfa, 10)
    send(app, alfa, upload.id, 0, b"0123")
    for offset in (0, 3, 5, 10, 11):
        with pytest.raises(OffsetMismatch) as refused:
            send(app, alfa, upload.id, offset, b"4")
        assert refused.value.offset_bytes == 4
    upload = send(app, alfa, upload.id, 4, b"456789")
    assert read(app, alfa, upload.document_id) == b"0123456789"
    with pytest.raises(OffsetMismatch):
        send(app, alfa, upload.id, 4, b"")


@pytest.mark.parametrize("is_told", [True, False])
@pytest.mark.parametrize("is_checked", [True, False])
def test_more_bytes_than_declared_are_refused(app: Ecm, alfa: Firm, is_told: bool, is_checked: bool) -> None:
    upload = begin(app, alfa, 10)
    send(app, alfa, upload.id, 0, b"0123")
    options: dict[str, Any] = {"size_bytes": 7} if is_told else {}
    if is_checked:
        options["checksum"] = Checksum("sha256", hashlib.sha256(b"4567890").digest())
    with pytest.raises(UploadTooLong):
        send(app, alfa, upload.id, 4, b"4567890", **options)
    assert app.uploads.get(alfa.olena, upload.id).offset_bytes == 4
    upload = send(app, alfa, upload.id, 4, b"456789")
    assert read(app, alfa, upload.document_id) == b"0123456789"
    with pytest.raises(UploadTooLong):
        send(app, alfa, upload.id, 10, b"0")


def test_what_comes_is_durable_in_the_midst_of_a_piece(
    app: Ecm, alfa: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tus, "BLOCK_BYTES", 1000)
    upload = begin(app, alfa, 3000)
    source = Stalling(b"x" * 2500)
    sending = in_thread(lambda: app.uploads.append(alfa.olena, upload.id, 0, source))
    assert source.stalled.wait(20)
    assert app.uploads.get(alfa.olena, upload.id).offset_bytes == 2000
    source.go_on.set()
    assert sending.exception(20) is None
    assert app.uploads.get(alfa.olena, upload.id).offset_bytes == 2500


def test_what_a_slow_client_sends_is_durable_before_it_is_much(
    app: Ecm, alfa: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_pieces, "BLOCK_S", 0.0)
    upload = begin(app, alfa, 200_000)
    source = Stalling(b"x" * 150_000)
    sending = in_thread(lambda: app.uploads.append(alfa.olena, upload.id, 0, source))
    assert source.stalled.wait(20)
    assert app.uploads.get(alfa.olena, upload.id).offset_bytes == 150_000
    source.go_on.set()
    assert sending.exception(20) is None


def test_two_pieces_at_once_are_one_too_many(app: Ecm, alfa: Firm) -> None:
    upload = begin(app, alfa, 10)
    source = Stalling(b"0123", b"456789")
    sending = in_thread(lambda: app.uploads.append(alfa.olena, upload.id, 0, source))
    assert source.stalled.wait(20)
    with pytest.raises(UploadLocked):
        send(app, alfa, upload.id, 0, b"0123456789")
    source.go_on.set()
    assert sending.exception(20) is None
    assert read(app, alfa, app.uploads.get(alfa.olena, upload.id).document_id) == b"0123456789"


def test_a_client_that_fell_silent_loses_its_lock(
    app: Ecm, alfa: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_lock, "LOCK_S", 0.4)
    upload = begin(app, alfa, 10)
    source = Stalling(b"wrong", b"wrong")
    sending = in_thread(lambda: app.uploads.append(alfa.olena, upload.id, 0, source))
    assert source.stalled.wait(20)
    wait_for_lock(app, alfa, upload, b"01234")
    upload = send(app, alfa, upload.id, 5, b"56789")
    source.go_on.set()
    assert type(sending.exception(20)) is UploadLocked
    assert read(app, alfa, upload.document_id) == b"0123456789"


def wait_for_lock(app: Ecm, firm: Firm, upload: ResumableUpload, content: bytes) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with suppress(UploadLocked):
            send(app, firm, upload.id, 0, content)
            return
        time.sleep(0.05)
    raise AssertionError("the lock was never given up")


def test_the_lock_of_a_process_that_died_ends_by_itself(app: Ecm, alfa: Firm) -> None:
    upload = begin(app, alfa, 5)
    with app.begin() as tx:
        tx.session.execute(
            update(Upload).values(lock_token="dead", locked_until=clock.now() + timedelta(seconds=0.5))
        )
    with pytest.raises(UploadLocked):
        send(app, alfa, upload.id, 0, b"01234")
    wait_for_lock(app, alfa, upload, b"01234")
    assert read(app, alfa, app.uploads.get(alfa.olena, upload.id).document_id) == b"01234"


@pytest.mark.parametrize("method", ["append", "finish"])
def test_the_lock_is_kept_while_storage_takes_its_time(
    app: Ecm, alfa: Firm, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(upload_lock, "LOCK_S", 0.4)
    upload = begin(app, alfa, 5)
    started, go_on = threading.Event(), threading.Event()

    def work_slowly() -> None:
        started.set()
        assert go_on.wait(30)

    interfere(app, method, before=work_slowly)
    sending = in_thread(lambda: send(app, alfa, upload.id, 0, b"01234"))
    assert started.wait(20)
    offset = app.uploads._find(alfa.olena, upload.id).offset_bytes
    for _ in range(6):
        time.sleep(0.2)
        with pytest.raises(UploadLocked):
            send(app, alfa, upload.id, offset, b"01234"[offset:])
    assert app.uploads.get(alfa.olena, upload.id).document_id is None
    go_on.set()
    assert sending.exception(20) is None
    assert read(app, alfa, app.uploads.get(alfa.olena, upload.id).document_id) == b"01234"


def test_each_piece_moves_the_expiry_on(app: Ecm, alfa: Firm) -> None:
    upload = begin(app, alfa, 10)
    age(app, app.leases.tus_s - 60)
    assert app.uploads.get(alfa.olena, upload.id).expires_at < clock.now() + timedelta(seconds=61)
    moved = send(app, alfa, upload.id, 0, b"0")
    assert moved.expires_at > clock.now() + timedelta(seconds=app.leases.tus_s - 60)
    with app.begin() as tx:
        intent = tx.session.scalars(select(Intent)).one()
        row = tx.session.scalars(select(Upload)).one()
    assert intent.receiving_until - row.expires_at < timedelta(seconds=1)
    assert intent.attach_until == intent.receiving_until
    age(app, 120)
    assert app.sweep() == 0
    assert send(app, alfa, upload.id, 1, b"123456789").document_id is not None


def test_an_upload_that_comes_slowly_does_not_expire_meanwhile(
    open_library: Callable[..., Ecm], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_lock, "LOCK_S", 0.6)
    app = open_library(tus_expires_s=1)
    firm = make_firm(app, "Альфа")

    class Slow:
        left = 20

        def read(self, size: int, /) -> bytes:
            time.sleep(0.1)
            app.sweep()
            self.left -= 1
            return b"x" if self.left >= 0 else b""

    upload = begin(app, firm, 20)
    upload = app.uploads.append(firm.olena, upload.id, 0, Slow())
    assert read(app, firm, upload.document_id) == b"x" * 20


def test_a_piece_on_its_way_is_broken_off_when_its_upload_is_terminated(app: Ecm, alfa: Firm) -> None:
    upload = begin(app, alfa, 10)
    source = Stalling(b"0123", b"456789")
    sending = in_thread(lambda: app.uploads.append(alfa.olena, upload.id, 0, source))
    assert source.stalled.wait(20)
    app.uploads.terminate(alfa.olena, upload.id)
    source.go_on.set()
    assert type(sending.exception(20)) is NotFound
    assert usage(app, alfa.admin) == (0, 0)
    assert list(app.storage.list()) == []
    assert app.storage.collect(older_than_s=-60) == 0
    assert count(app, Document) == 0


def test_an_upload_that_is_terminated_while_it_is_published_leaves_no_bytes(app: Ecm, alfa: Firm) -> None:
    upload = begin(app, alfa, 5)
    interfere(app, "finish", after=lambda: app.uploads.terminate(alfa.olena, upload.id))
    with pytest.raises(NotFound):
        send(app, alfa, upload.id, 0, b"01234")
    assert usage(app, alfa.admin) == (0, 0)
    assert list(app.storage.list()) == []
    assert count(app, Document) == 0


def test_bytes_published_after_their_upload_was_buried_are_deleted(app: Ecm, alfa: Firm) -> None:
    upload = begin(app, alfa, 5)
    row = app.uploads._find(alfa.olena, upload.id)

    def bury_and_publish_again() -> None:
        app.uploads.terminate(alfa.olena, upload.id)
        app.storage.put(row.storage_key, io.BytesIO(b"01234"))

    interfere(app, "finish", after=bury_and_publish_again)
    with pytest.raises(NotFound):
        send(app, alfa, upload.id, 0, b"01234")
    assert list(app.storage.list()) == []


def test_a_finished_upload_that_is_terminated_leaves_its_document(app: Ecm, alfa: Firm) -> None:
    upload = begin(app, alfa, 5)
    upload = send(app, alfa, upload.id, 0, b"01234")
    app.uploads.terminate(alfa.olena, upload.id)
    with pytest.raises(NotFound):
        app.uploads.get(alfa.olena, upload.id)
    app.sweep()
    assert read(app, alfa, upload.document_id) == b"01234"
    assert usage(app, alfa.admin) == (5, 0)


def test_two_processes_that_finish_at_once_make_one_document(app: Ecm, alfa: Firm) -> None:
    """The slower one must not take the bytes away from the faster one's document."""
    upload = begin(app, alfa, 5)

    def be_overtaken() -> None:
        undisturbed(app)
        with app.begin() as tx:
            tx.session.execute(update(Upload).values(locked_until=clock.now() - timedelta(seconds=1)))
        assert app.uploads.get(alfa.olena, upload.id).document_id is not None

    interfere(app, "finish", after=be_overtaken)
    upload = send(app, alfa, upload.id, 0, b"01234")
    assert read(app, alfa, upload.document_id) == b"01234"
    assert count(app, Document) == 1
    app.sweep()
    assert read(app, alfa, upload.document_id) == b"01234"
    assert usage(app, alfa.admin) == (5, 0)


def test_an_upload_is_its_creators_alone(app: Ecm, alfa: Firm, beta: Firm) -> None:
    upload = begin(app, alfa, 5)
    for stranger in (alfa.petro, alfa.admin, beta.olena):
        with pytest.raises(NotFound):
            app.uploads.get(stranger, upload.id)
        with pytest.raises(NotFound):
            app.uploads.append(stranger, upload.id, 0, io.BytesIO(b"01234"))
        with pytest.raises(NotFound):
            app.uploads.terminate(stranger, upload.id)
    with pytest.raises(NotFound):
        app.uploads.create(beta.olena, card=alfa.deal, size_bytes=1, filename="a")
    for id in ("", "x", "0" * 32, "0" * 10_000, "\0", upload.id.upper() + " "):
        with pytest.raises(NotFound):
            app.uploads.get(alfa.olena, id)


def test_an_upload_to_a_deal_that_was_deleted_meanwhile_waits_for_its_end(app: Ecm, alfa: Firm) -> None:
    upload = begin(app, alfa, 5)
    with app.begin(alfa.olena) as tx:
        tx.cards.delete(tx.deals.get(alfa.deal.id))
    with pytest.raises(NotFound) as refused:
        send(app, alfa, upload.id, 0, b"01234")
    assert refused.value.what == "card"
    assert count(app, Document) == 0
    assert usage(app, alfa.admin) == (0, 5)
    age(app, app.leases.tus_s + 1)
    assert app.sweep() == 5
    assert list(app.storage.list()) == []
    with pytest.raises(NotFound):
        begin(app, Firm(alfa.company, alfa.admin, alfa.olena, alfa.petro, reload_deal(app, alfa)), 5)


def reload_deal(app: Ecm, firm: Firm) -> Any:
    with app.begin() as tx:
        return tx.session.get(type(firm.deal), firm.deal.id)


def test_a_finished_upload_is_forgotten_after_its_time(app: Ecm, alfa: Firm) -> None:
    done = send(app, alfa, begin(app, alfa, 5).id, 0, b"01234")
    begin(app, alfa, 5)
    app.sweep()
    assert count(app, Upload) == 2
    with app.begin() as tx:
        tx.session.execute(
            update(Upload).where(Upload.id == done.id).values(expires_at=clock.now() - timedelta(seconds=1))
        )
    with pytest.raises(NotFound):
        app.uploads.get(alfa.olena, done.id)
    app.sweep()
    assert count(app, Upload) == 1
    assert read(app, alfa, done.document_id) == b"01234"


def test_an_upload_that_nobody_holds_any_more_is_forgotten_too(app: Ecm, alfa: Firm) -> None:
    begin(app, alfa, 5)
    with app.begin() as tx:
        release_intent(tx.session, tx.session.scalars(select(Intent.storage_key)).one())
    age(app, app.leases.tus_s - 60)
    app.sweep()
    assert count(app, Upload) == 1
    age(app, 120)
    app.sweep()
    assert count(app, Upload) == 0


def test_an_upload_whose_document_was_purged_is_gone(app: Ecm, alfa: Firm) -> None:
    upload = send(app, alfa, begin(app, alfa, 5).id, 0, b"01234")
    with app.begin(alfa.olena) as tx:
        tx.documents.purge(tx.documents.get(upload.document_id or 0))
        assert count_in(tx, Upload) == 1
    with pytest.raises(NotFound):
        app.uploads.get(alfa.olena, upload.id)
    assert count(app, Upload) == 0
    assert usage(app, alfa.admin) == (0, 0)


def count_in(tx: Any, table: Any) -> int:
    return int(tx.session.scalar(select(func.count()).select_from(table)))


def test_an_upload_whose_pieces_are_lost_is_given_up(app: Ecm, alfa: Firm, tmp_path: Path) -> None:
    upload = begin(app, alfa, 5)
    send(app, alfa, upload.id, 0, b"012")
    for piece in (tmp_path / "files" / ".uploads").iterdir():
        piece.unlink()
    with pytest.raises(NotFound):
        send(app, alfa, upload.id, 3, b"34")
    with pytest.raises(NotFound):
        app.uploads.get(alfa.olena, upload.id)
    assert usage(app, alfa.admin) == (0, 0)


def test_a_creation_that_died_half_way_holds_its_bytes_for_the_short_lease_only(
    app: Ecm, alfa: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tus, "hold_intent", lambda *_: die())
    monkeypatch.setattr(app.uploads, "_clear_pieces", lambda *_: die())
    with pytest.raises(Killed):
        begin(app, alfa, 1000)
    assert usage(app, alfa.admin) == (0, 1000)
    age(app, app.leases.upload_s + 1)
    assert app.sweep() == 1000
    assert usage(app, alfa.admin) == (0, 0)


def test_a_creation_that_failed_leaves_nothing(app: Ecm, alfa: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tus, "hold_intent", lambda *_: False)
    with pytest.raises(StagedFileExpired):
        begin(app, alfa, 1000)
    assert usage(app, alfa.admin) == (0, 0)
    assert app.storage.collect(older_than_s=-60) == 0
