"""Staging: leases, the sweep, and what comes of a caller that is late."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from ecm import Ecm, StagedFile
from ecm.errors import StagedFileExpired
from ecm.models import Intent
from ecm.storage.errors import NotFound as BlobNotFound
from tests.firms import Firm, make_firm, put, usage


def age(app: Ecm, *, receiving_s: float = 0, attach_s: float = 0) -> None:
    """Let time pass for all open intents."""
    with app.begin() as tx:
        for intent in tx.session.scalars(select(Intent)):
            intent.receiving_until -= timedelta(seconds=receiving_s)
            intent.attach_until -= timedelta(seconds=attach_s)


def stage(app: Ecm, firm: Firm, content: bytes = b"content") -> StagedFile:
    return app.stage(firm.olena, io.BytesIO(content), filename="a.txt")


def test_a_staged_file_outlives_the_lease_of_its_upload(app: Ecm, alfa: Firm) -> None:
    staged = stage(app, alfa)
    age(app, receiving_s=100)
    assert app.sweep() == 0
    with app.begin(alfa.olena) as tx:
        document = tx.documents.add(staged, card=alfa.deal)
    with app.read(alfa.olena, document.id) as reader:
        assert reader.read() == b"content"


def test_a_caller_that_comes_after_the_lease_gets_an_error_and_no_document(app: Ecm, alfa: Firm) -> None:
    staged = stage(app, alfa)
    age(app, receiving_s=4000, attach_s=4000)
    with pytest.raises(StagedFileExpired), app.begin(alfa.olena) as tx:
        tx.documents.add(staged, card=alfa.deal)
    assert app.sweep() == len(b"content")
    assert usage(app, alfa.admin) == (0, 0)
    with pytest.raises(BlobNotFound):
        app.storage.stat(staged.key)
    with pytest.raises(StagedFileExpired), app.begin(alfa.olena) as tx:
        tx.documents.add(staged, card=alfa.deal)
    with app.begin(alfa.olena) as tx:
        assert tx.documents.of_card(alfa.deal).total == 0


def test_a_staged_lease_shorter_than_the_uploads_is_kept_to(open_library: Callable[..., Ecm]) -> None:
    app = open_library(staged_lease_s=1)
    firm = make_firm(app, "Альфа")
    staged = stage(app, firm)
    time.sleep(1.1)
    with pytest.raises(StagedFileExpired), app.begin(firm.olena) as tx:
        tx.documents.add(staged, card=firm.deal)
    assert app.sweep() == len(b"content")
    assert list(app.storage.list()) == []


def test_a_transaction_open_while_the_lease_ends_keeps_its_bytes(app: Ecm, alfa: Firm) -> None:
    """It closed the intent in time; the sweep has to leave it alone, though the commit comes later."""
    # On SQLite the sweep would wait for the writer, which is this very thread.
    sweep_meanwhile = not app.database.is_sqlite
    staged = stage(app, alfa)
    age(app, receiving_s=4000, attach_s=3599.5)
    with app.begin(alfa.olena) as tx:
        document = tx.documents.add(staged, card=alfa.deal)
        time.sleep(0.6)
        if sweep_meanwhile:
            app.sweep()
    app.sweep()
    with app.read(alfa.olena, document.id) as reader:
        assert reader.read() == b"content"
    assert usage(app, alfa.admin) == (7, 0)


def test_a_staged_file_can_be_attached_once(app: Ecm, alfa: Firm) -> None:
    staged = stage(app, alfa)
    with app.begin(alfa.olena) as tx:
        tx.documents.add(staged, card=alfa.deal)
    with pytest.raises(StagedFileExpired), app.begin(alfa.olena) as tx:
        tx.documents.add(staged, card=alfa.deal)


def test_another_companys_staged_file_cannot_be_attached(app: Ecm, alfa: Firm, beta: Firm) -> None:
    staged = stage(app, alfa)
    with pytest.raises(StagedFileExpired), app.begin(beta.olena) as tx:
        tx.documents.add(staged, card=beta.deal)
    with app.begin(alfa.olena) as tx:
        tx.documents.add(staged, card=alfa.deal)


def test_an_upload_that_died_frees_its_reservation(app: Ecm, alfa: Firm) -> None:
    ledger = app.staging.quota_storage(alfa.olena)._ledger
    ledger.reserve("c1/aa/dead", 1000)
    assert usage(app, alfa.admin) == (0, 1000)
    assert app.sweep() == 0
    age(app, receiving_s=61)
    assert app.sweep() == 1000
    assert usage(app, alfa.admin) == (0, 0)


def test_a_reserve_that_would_be_refused_reclaims_what_died_first(
    open_library: Callable[..., Ecm],
) -> None:
    app = open_library()
    with app.begin() as tx:
        tx.tariffs.save("free", scope="company", limit_bytes=100)
    firm = make_firm(app, "Альфа")
    stage(app, firm, b"x" * 90)
    age(app, receiving_s=4000, attach_s=4000)
    put(app, firm.olena, firm.deal, b"y" * 50)  # no worker runs
    assert usage(app, firm.admin) == (50, 0)


def test_a_source_that_breaks_leaves_nothing(app: Ecm, alfa: Firm) -> None:
    class Breaking:
        def __init__(self) -> None:
            self.reads = 0

        def read(self, size: int, /) -> bytes:
            self.reads += 1
            if self.reads > 3:
                raise ConnectionResetError("gone")
            return b"x" * 1000

    for size_bytes in (None, 10_000):
        with pytest.raises(ConnectionResetError):
            app.stage(alfa.olena, Breaking(), filename="a.bin", size_bytes=size_bytes)
    assert usage(app, alfa.admin) == (0, 0)
    assert list(app.storage.list()) == []


def test_a_live_upload_renews_its_lease(open_library: Callable[..., Ecm]) -> None:
    app = open_library(upload_lease_s=1)
    firm = make_firm(app, "Альфа")

    class Slow:
        left = 8

        def read(self, size: int, /) -> bytes:
            self.left -= 1
            time.sleep(0.3)
            app.sweep()
            return b"x" * size if self.left >= 0 else b""

    staged = app.stage(firm.olena, Slow(), filename="slow.bin")
    with app.begin(firm.olena) as tx:
        tx.documents.add(staged, card=firm.deal)
    assert usage(app, firm.admin) == (staged.size_bytes, 0)


def test_an_upload_that_was_swept_while_it_stood_still_is_told_so_and_leaves_nothing(
    open_library: Callable[..., Ecm],
) -> None:
    app = open_library(upload_lease_s=1)
    firm = make_firm(app, "Альфа")

    class Stalled:
        reads = 0

        def read(self, size: int, /) -> bytes:
            self.reads += 1
            if self.reads == 2:
                age(app, receiving_s=100, attach_s=4000)
                assert app.sweep() == 10_000
                time.sleep(0.3)
            return b"x" * 5000 if self.reads <= 2 else b""

    with pytest.raises(StagedFileExpired):
        app.stage(firm.olena, Stalled(), filename="stalled.bin", size_bytes=10_000)
    assert usage(app, firm.admin) == (0, 0)
    assert list(app.storage.list()) == []


def test_purged_bytes_are_gone_after_the_commit_and_not_before(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, b"content")
    key = document.current.storage_key
    with app.begin(alfa.olena) as tx:
        tx.documents.purge(tx.documents.get(document.id))
        assert app.storage.stat(key).size_bytes == 7
    with pytest.raises(BlobNotFound):
        app.storage.stat(key)
    assert usage(app, alfa.admin) == (0, 0)


def test_a_purge_that_is_rolled_back_keeps_everything(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, b"content")
    with suppress(ZeroDivisionError), app.begin(alfa.olena) as tx:
        tx.documents.purge(tx.documents.get(document.id))
        raise ZeroDivisionError
    app.sweep()
    with app.read(alfa.olena, document.id) as reader:
        assert reader.read() == b"content"
    assert usage(app, alfa.admin) == (7, 0)


def test_a_dead_row_is_tried_again_until_its_bytes_are_gone(app: Ecm, alfa: Firm) -> None:
    staged = stage(app, alfa)
    with app.begin() as tx:
        tx.session.execute(update(Intent).values(state="dead"))
    assert app.sweep() == staged.size_bytes
    with app.begin() as tx:
        assert tx.session.scalar(select(func.count()).select_from(Intent)) == 0
