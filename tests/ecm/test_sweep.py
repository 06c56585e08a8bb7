"""The sweep and the ledger where things go wrong between transactions, processes and storage."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from ecm import Ecm, staging
from ecm.errors import StagedFileExpired
from ecm.ledger import SqlUsageLedger, release_intent
from ecm.models import Intent
from ecm.storage.errors import Unavailable
from ecm.storage.interface import BlobInfo
from tests.blocking import await_blocked
from tests.firms import Firm, make_firm, put, usage


def ledger_of(app: Ecm, firm: Firm, *, receiving_s: float = 60) -> SqlUsageLedger:
    """A ledger as another process would have it: it remembers nothing."""
    return SqlUsageLedger(
        app.database, firm.olena, app.leases, receiving_s=receiving_s, reclaim=lambda company_id: False
    )


def end_leases(app: Ecm) -> None:
    with app.begin() as tx:
        for intent in tx.session.scalars(select(Intent)):
            intent.receiving_until -= timedelta(days=2)
            intent.attach_until -= timedelta(days=2)


def count_intents(app: Ecm) -> int:
    with app.begin() as tx:
        return tx.session.scalars(select(func.count()).select_from(Intent)).one()


class FailingStorage:
    """The storage inside, but for some keys that it cannot reach. Counts how often it was asked for those."""

    def __init__(self, app: Ecm, failing: Callable[[str], bool]) -> None:
        self._storage = app.storage
        self._failing = failing
        self.failures = 0

    def stat(self, key: str) -> BlobInfo:
        self._check(key)
        return self._storage.stat(key)

    def delete(self, key: str) -> None:
        self._check(key)
        self._storage.delete(key)

    def collect(self, *, older_than_s: float) -> int:
        return self._storage.collect(older_than_s=older_than_s)

    def _check(self, key: str) -> None:
        if self._failing(key):
            self.failures += 1
            raise Unavailable("away")


def sweep_over(app: Ecm, storage: FailingStorage) -> int:
    return staging.Staging(app.database, storage, app.staging._detector, app.leases).sweep()  # type: ignore[arg-type]


def test_a_savepoint_that_takes_a_purge_back_keeps_the_bytes(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, b"content")
    with app.begin(alfa.olena) as tx, suppress(ZeroDivisionError), tx.session.begin_nested():
        tx.documents.purge(tx.documents.get(document.id))
        raise ZeroDivisionError
    with app.read(alfa.olena, document.id) as reader:
        assert reader.read() == b"content"
    assert usage(app, alfa.admin) == (7, 0)


def test_a_hold_is_settled_by_another_process_than_reserved_it(app: Ecm, alfa: Firm) -> None:
    ledger_of(app, alfa).reserve("c1/aa/one", 1000)
    ledger_of(app, alfa).grow("c1/aa/one", 500)
    assert usage(app, alfa.admin) == (0, 1500)
    ledger_of(app, alfa).settle("c1/aa/one", 700)
    assert usage(app, alfa.admin) == (0, 700)
    ledger_of(app, alfa).settle("c1/aa/one", 700)
    assert usage(app, alfa.admin) == (0, 700)


def test_a_hold_that_was_swept_cannot_be_settled(app: Ecm, alfa: Firm) -> None:
    ledger_of(app, alfa).reserve("c1/aa/one", 1000)
    end_leases(app)
    assert app.sweep() == 1000
    with pytest.raises(StagedFileExpired):
        ledger_of(app, alfa).settle("c1/aa/one", 700)
    assert usage(app, alfa.admin) == (0, 0)


def test_the_two_leases_are_told_apart(app: Ecm, alfa: Firm) -> None:
    ledger_of(app, alfa, receiving_s=1).reserve("c1/aa/one", 10)
    with app.begin() as tx:
        intent = tx.session.scalars(select(Intent)).one()
    assert intent.attach_until - intent.receiving_until == timedelta(seconds=app.leases.staged_s - 1)


def test_the_sweep_gets_past_rows_whose_bytes_cannot_be_deleted(
    app: Ecm, alfa: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "SWEEP_BATCH", 2)
    for number in range(7):
        ledger_of(app, alfa).reserve(f"c1/aa/{number}", 10)
    end_leases(app)
    assert sweep_over(app, FailingStorage(app, lambda key: key in ("c1/aa/0", "c1/aa/1"))) == 50
    assert count_intents(app) == 2
    assert app.sweep() == 20


@pytest.mark.parametrize("state", ["open", "dead"])
def test_the_sweep_ends_soon_when_storage_is_away(app: Ecm, alfa: Firm, state: str) -> None:
    for number in range(20):
        ledger_of(app, alfa).reserve(f"c1/aa/{number}", 10)
    end_leases(app)
    with app.begin() as tx:
        tx.session.execute(update(Intent).values(state=state))
    away = FailingStorage(app, lambda key: True)
    assert sweep_over(app, away) == 0
    assert away.failures == staging.FAILURES_IN_A_ROW
    assert usage(app, alfa.admin) == (0, 200)
    assert app.sweep() == 200


def test_what_dead_writers_left_goes_only_once_no_upload_can_come_back_for_it(
    open_library: Callable[..., Ecm], tmp_path: Path
) -> None:
    app = open_library(tus_expires_s=100)
    young, old = (tmp_path / "files" / ".uploads" / name for name in ("young", "old"))
    for path, age_s in ((young, 100), (old, 100 + 2 * staging.COLLECT_EVERY_S)):
        path.write_bytes(b"half a file")
        os.utime(path, (time.time() - age_s, time.time() - age_s))
    app.sweep()
    assert young.exists()
    assert not old.exists()


def test_growing_and_giving_back_one_hold_at_once_is_no_deadlock(postgres_url: str, tmp_path: Path) -> None:
    with open_postgres(postgres_url, tmp_path) as app:
        firm = make_firm(app, "Альфа")
        ledger_of(app, firm).reserve("c1/aa/one", 1000)
        refusals: list[BaseException] = []

        def grow() -> None:
            try:
                ledger_of(app, firm).grow("c1/aa/one", 10)
            except StagedFileExpired as error:
                refusals.append(error)

        growing = threading.Thread(target=grow)
        with app.begin() as tx:
            tx.session.execute(select(Intent.id).with_for_update())
            growing.start()
            await_blocked(app.database)
            assert release_intent(tx.session, "c1/aa/one") == 1000
        growing.join(20)
        assert len(refusals) == 1
        assert usage(app, firm.admin) == (0, 0)


def open_postgres(url: str, folder: Path) -> Ecm:
    import ecm

    app = ecm.open(database=url, storage=f"file:{folder / 'files'}", search=f"whoosh:{folder / 'index'}")
    app.migrate()
    return app
