"""Two people change the same thing at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from ecm import Ecm
from ecm.errors import ChangedMeanwhile
from ecm.models import Document
from ecm.unit_of_work import UnitOfWork
from tests.firms import Firm, put, usage

Change = Callable[[UnitOfWork, Document], object]


@pytest.mark.parametrize(
    "change",
    [
        lambda tx, document: tx.documents.trash(document),
        lambda tx, document: tx.documents.update(document, title="Новий"),
        lambda tx, document: tx.documents.purge(document),
        lambda tx, document: tx.documents.versions.lock(document),
    ],
    ids=["trash", "update", "purge", "lock"],
)
def test_a_change_of_what_was_purged_meanwhile_is_refused(app: Ecm, alfa: Firm, change: Change) -> None:
    id = put(app, alfa.olena, alfa.deal, b"content").id
    with pytest.raises(ChangedMeanwhile):
        change_late(app, alfa, id, change)
    assert usage(app, alfa.admin) == (0, 0)


def test_two_purges_at_once_give_the_bytes_back_once(app: Ecm, alfa: Firm) -> None:
    kept = put(app, alfa.olena, alfa.deal, b"kept")
    for _ in range(10):
        id = put(app, alfa.olena, alfa.deal, b"content").id
        together = Barrier(2)

        def purge(id: int = id, together: Barrier = together) -> int:
            with app.begin(alfa.admin) as tx:
                document = tx.documents.get(id)
                together.wait(20)
                return tx.documents.purge(document)

        with ThreadPoolExecutor(2) as threads:
            purges = [threads.submit(purge) for _ in range(2)]
        errors = [each.exception() for each in purges]
        assert sorted(type(error) for error in errors if error is not None) == [ChangedMeanwhile]
    assert usage(app, alfa.admin) == (kept.current.size_bytes, 0)


def change_late(app: Ecm, firm: Firm, id: int, change: Change) -> None:
    """Read a document, let somebody else purge it, then change it."""

    def purge() -> None:
        with app.begin(firm.admin) as tx:
            tx.documents.purge(tx.documents.get(id))

    with ThreadPoolExecutor(1) as threads, app.begin(firm.olena) as tx:
        document = tx.documents.get(id)
        threads.submit(purge).result(20)
        change(tx, document)
