"""Timelines: what they tell, and how they are read piece by piece while others write."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecm import Ecm
from ecm.cards.timeline import COMMENT_MOST_CHARS, PER_PAGE_MOST
from ecm.errors import Invalid, NotFound
from ecm.models import Deal
from tests.firms import Firm, put
from tests.statements import hear_statements

ON_SQLITE = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)


def told(app: Ecm, firm: Firm, deal: Deal) -> list[tuple[str, dict[str, Any]]]:
    """All that a deal's timeline tells, the oldest first."""
    with app.begin(firm.olena) as tx:
        return [(each.kind, each.facts) for each in reversed(tx.timeline.list(deal, limit=200).items)]


def test_a_timeline_tells_of_documents_versions_stages_fields_and_comments(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        deal = tx.deals.add("Сервер", amount="5")
        other = tx.deals.add("Інша")
    document = put(app, alfa.olena, deal, b"1", "Рахунок.txt")
    staged = app.stage(alfa.olena, io.BytesIO(b"2"), filename="Рахунок 2.txt")
    with app.begin(alfa.petro) as tx:
        tx.documents.link(document, other)
        tx.documents.add_version(document, staged)
        tx.documents.unlink(document, other)
        tx.deals.update(tx.deals.get(deal.id), amount="7.50", stage="offer")
        tx.timeline.comment(deal, "Просить знижку")
        tx.documents.restore_version(document, 1)
        tx.documents.trash(document)
        tx.documents.restore(document)
    of_document = {"document": str(document.id), "title": "Рахунок.txt"}
    found = told(app, alfa, deal)
    assert [kind for kind, _ in found] == [
        "card.created", "document.added", "document.version_added", "field.changed", "stage.moved", "comment",
        "document.version_restored", "document.trashed", "document.restored",
    ]  # fmt: skip
    assert found[1][1] == of_document
    assert found[2][1] == {**of_document, "version": 2}
    assert found[3][1] == {"field": "amount", "old": "5.00", "new": "7.50"}
    assert found[5][1] == {"text": "Просить знижку"}
    assert found[6][1] == {**of_document, "version": 1}
    assert told(app, alfa, other)[1:] == [
        ("document.linked", of_document),
        ("document.version_added", {**of_document, "version": 2}),
        ("document.unlinked", of_document),
    ]
    with app.begin(alfa.olena) as tx:
        users = {each.kind: each.user_id for each in tx.timeline.list(deal).items}
    assert users["document.added"] == alfa.olena.user_id
    assert users["document.version_added"] == users["comment"] == alfa.petro.user_id


@ON_SQLITE
def test_what_is_rolled_back_leaves_no_entry(app: Ecm, alfa: Firm) -> None:
    before = told(app, alfa, alfa.deal)
    with app.begin(alfa.olena) as tx:
        tx.timeline.comment(alfa.deal, "Не буде")
        tx.session.rollback()
    assert told(app, alfa, alfa.deal) == before


@ON_SQLITE
def test_a_comment_has_words_and_not_too_many(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        for text in ("", "  \n", "а" * (COMMENT_MOST_CHARS + 1)):
            with pytest.raises(Invalid):
                tx.timeline.comment(alfa.deal, text)
        assert tx.timeline.comment(alfa.deal, "а" * COMMENT_MOST_CHARS).id


def test_a_reader_goes_to_the_end_while_others_write_without_gaps_and_repeats(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        for number in range(9):
            tx.timeline.comment(alfa.deal, str(number))
    wanted = [kind for kind, _ in told(app, alfa, alfa.deal)]
    ids: list[int] = []
    before = None
    while True:
        with app.begin(alfa.olena) as tx:
            page = tx.timeline.list(alfa.deal, before=before, limit=3)
        ids += [each.id for each in page.items]
        with app.begin(alfa.petro) as tx:  # between one piece and the next
            tx.timeline.comment(alfa.deal, "Ще одне")
        if page.next_before is None:
            break
        before = page.next_before
    assert ids == sorted(set(ids), reverse=True)
    assert len(ids) == len(wanted)


@ON_SQLITE
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(1, 14))
def test_pieces_of_any_size_make_the_whole(app: Ecm, alfa: Firm, limit: int) -> None:
    with app.begin(alfa.olena) as tx:
        if len(tx.timeline.list(alfa.deal).items) < 9:
            for number in range(9):
                tx.timeline.comment(alfa.deal, str(number))
        whole = [each.id for each in tx.timeline.list(alfa.deal, limit=PER_PAGE_MOST).items]
        page = tx.timeline.list(alfa.deal, limit=limit)
        ids = [each.id for each in page.items]
        while page.next_before is not None:
            page = tx.timeline.list(alfa.deal, before=str(page.next_before), limit=limit)
            assert page.items
            ids += [each.id for each in page.items]
        assert ids == whole


@ON_SQLITE
def test_a_piece_has_limits(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        for limit in (0, PER_PAGE_MOST + 1):
            with pytest.raises(Invalid):
                tx.timeline.list(alfa.deal, limit=limit)
        other = tx.timeline.comment(tx.deals.add("Інша"), "Не тут")
        for before in ("вчора", 10**9, other.id):
            with pytest.raises(NotFound):
                tx.timeline.list(alfa.deal, before=before)


def test_another_company_reads_and_adds_nothing(app: Ecm, alfa: Firm, beta: Firm) -> None:
    with app.begin(beta.admin) as tx:
        assert tx.timeline.list(alfa.deal).items == []
        with pytest.raises(NotFound):
            tx.timeline.comment(alfa.deal, "Чуже")


@ON_SQLITE
def test_a_piece_takes_one_statement(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        for number in range(30):
            tx.timeline.comment(alfa.deal, str(number))
    with app.begin(alfa.olena) as tx, hear_statements(app) as sent:
        assert len(tx.timeline.list(alfa.deal, limit=20).items) == 20
    assert len(sent) == 1


def test_an_entry_that_followed_tells_where_it_came_from(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead = tx.leads.add("Запит")
        comment = tx.timeline.comment(lead, "Першим ділом")
        targets = [tx.deals.add("А"), tx.contacts.add(last_name="Мельник")]
        tx.timeline.follow(lead, targets)
        for target in targets:
            entry = next(each for each in tx.timeline.list(target).items if each.kind == "comment")
            assert (entry.kind, entry.facts, entry.origin_id) == ("comment", comment.facts, comment.id)
            assert (entry.user_id, entry.at) == (comment.user_id, comment.at)
