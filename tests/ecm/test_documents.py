"""Documents on cards: versions, trash, restore, purge, links, duplicates, and the walls between companies."""

from __future__ import annotations

import hashlib
import io

import pytest
from sqlalchemy import event, func, select

from ecm import Ecm
from ecm.errors import Forbidden, HasDocuments, Invalid, LastCard, NotFound, Trashed
from ecm.models import Document, Version, VersionText
from tests.firms import Firm, put, usage


def test_a_document_knows_where_it_stands_and_what_it_is(app: Ecm, alfa: Firm) -> None:
    document = put(
        app, alfa.olena, alfa.deal, "Договір".encode(), "Договір.txt", kind="contract", tags=["Терміново"]
    )
    with app.begin(alfa.petro) as tx:
        found = tx.documents.get(document.id)
    assert (found.title, found.kind, found.tags) == ("Договір.txt", "contract", ["Терміново"])
    assert [card.id for card in found.cards] == [alfa.deal.id]
    version = found.current
    assert (version.number, version.size_bytes, version.media_type) == (1, 14, "text/plain")
    assert (version.filename, version.uploaded_by_id) == ("Договір.txt", alfa.olena.user_id)
    assert version.sha256 == hashlib.sha256("Договір".encode()).hexdigest()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("C:\\Users\\a\\Акт.pdf", "C:_Users_a_Акт.pdf"),
        ("a\x00b\nc.txt", "abc.txt"),
        ("рахунок\u202efdp.exe", "рахунокfdp.exe"),
        ("договір № 5 «А/Б».docx", "договір № 5 «А_Б».docx"),
        ("", "file"),
        ("...", "file"),
        ("ю" * 300 + ".docx", "ю" * 125 + ".docx"),
        ("請求書.pdf", "請求書.pdf"),
    ],
)
def test_any_name_is_kept_as_a_name_and_never_used_as_a_path(
    app: Ecm, alfa: Firm, given: str, kept: str
) -> None:
    document = put(app, alfa.olena, alfa.deal, b"content", given)
    assert document.current.filename == kept
    assert len(document.current.filename.encode()) <= 255
    assert document.current.storage_key.startswith(f"c{alfa.company.id}/")
    assert kept not in document.current.storage_key


def test_an_empty_file_is_stored(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, b"", "порожній.txt")
    with app.read(alfa.olena, document.id) as reader:
        assert reader.read() == b""


def test_versions_follow_each_other_and_any_can_be_current_again(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, b"one", "a.txt")
    for content in (b"two", b"three"):
        staged = app.stage(alfa.petro, io.BytesIO(content), filename="a.txt")
        with app.begin(alfa.petro) as tx:
            tx.documents.add_version(tx.documents.get(document.id), staged)
    before = usage(app, alfa.admin)
    with app.begin(alfa.olena) as tx:
        found = tx.documents.get(document.id)
        assert [version.number for version in tx.documents.versions.list(found)] == [3, 2, 1]
        tx.documents.restore_version(found, 1)
    with app.begin(alfa.olena) as tx:
        found = tx.documents.get(document.id)
        assert (found.current_version, found.current.number) == (1, 1)
        assert tx.documents.versions.list(found).total == 3
    assert usage(app, alfa.admin) == before
    with app.read(alfa.olena, document.id) as reader:
        assert reader.read() == b"one"
    with app.read(alfa.olena, document.id, version=2) as reader:
        assert reader.read() == b"two"
    staged = app.stage(alfa.olena, io.BytesIO(b"four"), filename="a.txt")
    with app.begin(alfa.olena) as tx:
        assert tx.documents.add_version(tx.documents.get(document.id), staged).number == 4


def test_the_trash_hides_and_gives_back(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, b"one", "a.txt")
    with app.begin(alfa.petro) as tx:
        tx.documents.trash(tx.documents.get(document.id))
        assert tx.documents.of_card(alfa.deal).items == []
        assert [found.id for found in tx.documents.trashed()] == [document.id]
        with pytest.raises(Trashed):
            tx.documents.update(tx.documents.get(document.id), title="x")
    assert usage(app, alfa.admin) == (3, 0)
    with app.begin(alfa.olena) as tx:
        tx.documents.restore(tx.documents.get(document.id))
        assert [found.id for found in tx.documents.of_card(alfa.deal)] == [document.id]


def test_one_purges_ones_own_and_an_administrator_all(app: Ecm, alfa: Firm) -> None:
    mine, theirs = (put(app, actor, alfa.deal, b"x", "a.txt") for actor in (alfa.olena, alfa.petro))
    with app.begin(alfa.olena) as tx:
        with pytest.raises(Forbidden):
            tx.documents.purge(tx.documents.get(theirs.id))
        assert tx.documents.purge(tx.documents.get(mine.id)) == 1
    with app.begin(alfa.admin) as tx:
        tx.documents.purge(tx.documents.get(theirs.id))
    with app.begin(alfa.admin) as tx:
        for table in (Document, Version, VersionText):
            assert tx.session.scalar(select(func.count()).select_from(table)) == 0
        with pytest.raises(NotFound):
            tx.documents.get(mine.id)


def test_a_document_on_several_cards_is_stored_once(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, b"12345", "a.txt")
    with app.begin(alfa.olena) as tx:
        other = tx.deals.add("Сервісне обслуговування")
        tx.documents.link(tx.documents.get(document.id), other)
        tx.documents.link(tx.documents.get(document.id), other)
    assert usage(app, alfa.admin) == (5, 0)
    with app.begin(alfa.olena) as tx:
        found = tx.documents.get(document.id)
        assert {card.id for card in found.cards} == {alfa.deal.id, other.id}
        tx.documents.unlink(found, tx.deals.get(alfa.deal.id))
        with pytest.raises(LastCard):
            tx.documents.unlink(tx.documents.get(document.id), other)


def test_the_same_content_in_the_company_is_pointed_out_and_never_another_companys(
    app: Ecm, alfa: Firm, beta: Firm
) -> None:
    first = put(app, alfa.olena, alfa.deal, b"the same", "a.txt")
    put(app, beta.olena, beta.deal, b"the same", "a.txt")
    second = put(app, alfa.petro, alfa.deal, b"the same", "b.txt")
    with app.begin(alfa.petro) as tx:
        assert [found.id for found in tx.documents.duplicates(tx.documents.get(second.id))] == [first.id]
    with app.begin(beta.petro) as tx:
        (only,) = tx.documents.of_card(beta.deal)
        assert tx.documents.duplicates(only) == []


def test_duplicates_are_looked_up_by_their_content_and_not_among_all_documents(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, b"once", "a.txt")
    statements: list[tuple[str, object]] = []

    def note(conn: object, cursor: object, statement: str, parameters: object, *rest: object) -> None:
        statements.append((statement, parameters))

    with app.begin(alfa.olena) as tx:
        found = tx.documents.get(document.id)
        event.listen(app.database.engine, "before_cursor_execute", note)
        assert tx.documents.duplicates(found) == []
        event.remove(app.database.engine, "before_cursor_execute", note)
        ((statement, parameters),) = statements
        if app.database.is_sqlite:
            plan = tx.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
            assert "ix_ecm_versions_duplicates" in " ".join(row[3] for row in plan)


def test_a_deal_with_documents_is_deleted_only_when_told_what_becomes_of_them(app: Ecm, alfa: Firm) -> None:
    alone = put(app, alfa.olena, alfa.deal, b"1", "a.txt")
    shared = put(app, alfa.olena, alfa.deal, b"2", "b.txt")
    with app.begin(alfa.olena) as tx:
        other = tx.deals.add("Інша угода")
        tx.documents.link(tx.documents.get(shared.id), other)
        with pytest.raises(HasDocuments) as refused:
            tx.cards.delete(tx.deals.get(alfa.deal.id))
        assert refused.value.documents == 2
        tx.cards.delete(tx.deals.get(alfa.deal.id), trash_documents=True)
    with app.begin(alfa.olena) as tx:
        with pytest.raises(NotFound):
            tx.deals.get(alfa.deal.id)
        assert [found.id for found in tx.documents.trashed()] == [alone.id]
        assert [found.id for found in tx.documents.of_card(other)] == [shared.id]
        tx.documents.restore(tx.documents.get(alone.id))
        assert tx.deals.get(alfa.deal.id).title == alfa.deal.title


def test_wrong_values_are_named(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, b"1", "a.txt")
    wrong = [
        ("title", " "),
        ("title", "x" * 301),
        ("kind", "poem"),
        ("tags", ["t" * 61]),
        ("tags", [str(n) for n in range(60)]),
    ]
    for field, value in wrong:
        with app.begin(alfa.olena) as tx, pytest.raises(Invalid) as refused:
            tx.documents.update(tx.documents.get(document.id), **{field: value})
        assert refused.value.field == field


@pytest.mark.parametrize("id", ["0", "-1", "x", "1.5", "9" * 30, "٣", " 1", ""])
def test_an_id_that_cannot_be_one_is_not_found(app: Ecm, alfa: Firm, id: str) -> None:
    with app.begin(alfa.olena) as tx:
        for get in (tx.documents.get, tx.deals.get, tx.cards.get, tx.users.get):
            with pytest.raises(NotFound):
                get(id)


def test_another_companys_documents_and_cards_are_not_found(app: Ecm, alfa: Firm, beta: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, b"1", "a.txt")
    with app.begin(beta.admin) as tx:
        for attempt in (
            lambda: tx.documents.get(document.id),
            lambda: tx.deals.get(alfa.deal.id),
            lambda: tx.users.get(alfa.olena.user_id),
            lambda: tx.documents.trash(tx.documents.get(document.id)),
        ):
            with pytest.raises(NotFound):
                attempt()
        assert tx.documents.trashed().items == []
    staged = app.stage(beta.olena, io.BytesIO(b"2"), filename="b.txt")
    with pytest.raises(NotFound), app.begin(beta.olena) as tx:
        tx.documents.add(staged, card=alfa.deal)
    with pytest.raises(NotFound):
        app.read(beta.admin, document.id)


def test_lists_are_paged_newest_first(app: Ecm, alfa: Firm) -> None:
    ids = [put(app, alfa.olena, alfa.deal, bytes([n]), f"{n}.bin").id for n in range(7)]
    with app.begin(alfa.olena) as tx:
        pages = [tx.documents.of_card(alfa.deal, page=n, per_page=3) for n in (1, 2, 3, 4)]
    assert [[found.id for found in page] for page in pages] == [ids[6:3:-1], ids[3:0:-1], ids[:1], []]
    assert {page.total for page in pages} == {7}


def test_a_page_of_documents_takes_the_same_few_statements_however_many_there_are(
    app: Ecm, alfa: Firm
) -> None:
    def count_statements() -> int:
        statements = []
        listener = lambda *args: statements.append(args[2])  # noqa: E731
        event.listen(app.database.engine, "before_cursor_execute", listener)
        with app.begin(alfa.olena) as tx:
            for document in tx.documents.of_card(alfa.deal):
                assert document.current.number == 1
                assert len(document.cards) == 1
        event.remove(app.database.engine, "before_cursor_execute", listener)
        return len(statements)

    put(app, alfa.olena, alfa.deal, b"1", "a.txt")
    few = count_statements()
    for n in range(10):
        put(app, alfa.olena, alfa.deal, bytes([n]), "b.txt")
    assert count_statements() == few <= 3


def test_every_change_is_in_the_trail_of_the_same_transaction(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, b"1", "a.txt")
    with app.begin(alfa.petro) as tx:
        tx.documents.update(tx.documents.get(document.id), title="Новий")
    app.read(alfa.petro, document.id).close()
    app.read(alfa.petro, document.id, start=0, length_bytes=1).close()
    with app.begin(alfa.admin) as tx:
        events = tx.audit.of("document", document.id)
    assert [(e.action, e.user_id) for e in reversed(events.items)] == [
        ("document.added", alfa.olena.user_id),
        ("document.changed", alfa.petro.user_id),
        ("document.downloaded", alfa.petro.user_id),
    ]


def test_an_idempotency_key_leads_to_the_first_document(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, b"1", "a.txt")
    with app.begin(alfa.olena) as tx:
        tx.documents.remember("key-1", "f" * 64, tx.documents.get(document.id))
    with app.begin(alfa.olena) as tx:
        again = tx.documents.remembered("key-1", "f" * 64)
        assert again is not None
        assert (again.document_id, again.number) == (document.id, 1)
        with pytest.raises(Invalid):
            tx.documents.remembered("key-1", "0" * 64)
    with app.begin(alfa.petro) as tx:
        assert tx.documents.remembered("key-1", "f" * 64) is None
