"""From an upload to a hit with the tantivy engine, chosen by the setting alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ecm import Ecm
from tests.firms import index, make_firm, put

OpenLibrary = Callable[..., Ecm]


@pytest.fixture
def open_tantivy(open_library: OpenLibrary, tmp_path: Path) -> Callable[[], Ecm]:
    """Opens the library on the tantivy engine, as often as the test likes."""
    return lambda: open_library(search=f"tantivy:{tmp_path / 'tantivy'}")


def test_documents_are_found_until_they_are_trashed_and_after_the_index_was_lost_or_damaged(
    open_tantivy: Callable[[], Ecm], tmp_path: Path
) -> None:
    app = open_tantivy()
    alfa, beta = make_firm(app, "Альфа"), make_firm(app, "Бета")

    def titles(app: Ecm, query: str) -> list[str]:
        assert app.search(beta.olena, query).total == 0
        return [hit.document.title for hit in app.search(alfa.olena, query)]

    doomed = put(app, alfa.olena, alfa.deal, "Рахунок за постачання".encode(), "рахунок.txt")
    put(app, alfa.olena, alfa.deal, "Укладено за договором".encode("cp1251"), "договір.txt")
    index(app)
    assert titles(app, "рахунками") == ["рахунок.txt"]
    (hit,) = app.search(alfa.petro, "договори")
    assert "<mark>договором" in hit.snippet

    with app.begin(alfa.olena) as tx:
        tx.documents.trash(tx.documents.get(doomed.id))
    index(app)
    assert titles(app, "рахунками") == []
    app.close()
    assert titles(open_tantivy(), "договорів") == ["договір.txt"]

    (folder,) = (path for path in (tmp_path / "tantivy").iterdir() if path.name == str(alfa.company.id))
    shutil.rmtree(folder)
    assert titles(rebuilt(open_tantivy()), "договорів") == ["договір.txt"]

    for suffix in (".term", ".pos"):
        path = min(folder.glob(f"*{suffix}"))
        whole = path.read_bytes()
        path.write_bytes(whole[:4] + bytes([whole[4] ^ 1]) + whole[5:])
        assert titles(rebuilt(open_tantivy()), "договорів") == ["договір.txt"]


def rebuilt(app: Ecm) -> Ecm:
    """What a worker does after its start."""
    while app.indexing.rebuilding.verify_next():
        pass
    index(app)
    return app
