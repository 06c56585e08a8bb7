"""Two people change the same thing at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

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
    ],
    ids=["trash", "update"],
)
def test_a_change_of_what_was_purged_meanwhile_is_refused(app: Ecm, alfa: Firm, change: Change) -> None:
    id = put(app, alfa.olena, alfa.deal, b"content").id
    with pytest.raises(ChangedMeanwhile):
        change_late(app, alfa, id, change)
    assert usage(app, alfa.admin) == (0, 0)


def change_late(app: Ecm, firm: Firm, id: int, change: Change) -> None:
    """Read a document, let somebody else purge it, then change it."""

    def purge() -> None:
        with app.begin(firm.admin) as tx:
            tx.documents.purge(tx.documents.get(id))

    with ThreadPoolExecutor(1) as threads, app.begin(firm.olena) as tx:
        document = tx.documents.get(id)
        threads.submit(purge).result(20)
        change(tx, document)
