"""Two people who change one card at the same time, and cards that are not the actor's to change."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from ecm import Ecm
from ecm.cards.conversion_drafts import Target
from ecm.errors import HasDocuments, LeadConverted, ManagedByApplication, NotFound
from ecm.unit_of_work import UnitOfWork
from tests.firms import Firm, put
from tests.two_at_once import change_meanwhile

only_sqlite = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)


def test_of_two_moves_at_once_the_second_starts_where_the_first_ended(app: Ecm, alfa: Firm) -> None:
    def lose(tx: UnitOfWork) -> None:
        tx.deals.update(tx.deals.get(alfa.deal.id), stage="lost", reason="дорого")

    def win(tx: UnitOfWork) -> None:
        tx.deals.update(tx.deals.get(alfa.deal.id), stage="won")

    change_meanwhile(app, (alfa.olena, alfa.petro), lose, win)
    with app.begin(alfa.olena) as tx:
        deal = tx.deals.get(alfa.deal.id)
        assert (deal.stage.code, deal.lost_reason) == ("won", None)
        assert [stay.stage.code for stay in tx.stages.history(deal)] == ["won", "lost", "new"]


def test_of_two_who_set_products_and_phones_at_once_each_replaces_all(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead_id = tx.leads.add("Запит", phones=["044 123 45 67"]).id

    def fill(price: str, phone: str) -> Callable[[UnitOfWork], None]:
        def change(tx: UnitOfWork) -> None:
            lead = tx.leads.get(lead_id)
            tx.products.set(lead, [{"name": "Сервер", "price": price}])
            tx.leads.update(lead, phones=[phone])

        return change

    change_meanwhile(
        app, (alfa.olena, alfa.petro), fill("100", "067 111 11 11"), fill("200", "067 222 22 22")
    )
    with app.begin(alfa.olena) as tx:
        lead = tx.leads.get(lead_id)
        (line,) = tx.products.of(lead).lines
        assert (str(line.price), str(lead.amount)) == ("200.00", "200.00")
        assert [each.value for each in tx.contact_points.of([lead_id])[lead_id]] == ["067 222 22 22"]


def test_a_lead_that_is_converted_meanwhile_is_not_edited(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead_id = tx.leads.add("Запит", last_name="Мельник").id

    def convert(tx: UnitOfWork) -> None:
        tx.conversions.convert(tx.leads.get(lead_id), {"contact": Target()})

    def edit(tx: UnitOfWork) -> None:
        tx.leads.update(tx.leads.get(lead_id), title="Інший", stage="contacted")

    with pytest.raises(LeadConverted):
        change_meanwhile(app, (alfa.olena, alfa.petro), convert, edit)
    with app.begin(alfa.olena) as tx:
        lead = tx.leads.get(lead_id)
        assert (lead.title, lead.stage.outcome) == ("Запит", "quality")


@only_sqlite
def test_a_card_that_was_read_before_another_change_is_locked_as_it_is_now(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.petro) as tx:
        mine = tx.deals.get(alfa.deal.id)
        with app.begin(alfa.olena) as other:
            other.deals.update(other.deals.get(alfa.deal.id), title="Інша", stage="offer")
        locked = tx.cards.lock(mine)
        assert locked is mine
        assert (mine.title, mine.stage.code) == ("Інша", "offer")


@only_sqlite
def test_a_deleted_card_and_one_of_another_company_are_not_found_though_in_the_session(
    app: Ecm, alfa: Firm, beta: Firm
) -> None:
    with Session(app.database.engine) as session:
        with app.begin(alfa.olena, session=session) as tx:
            theirs = tx.deals.get(alfa.deal.id)
        with app.begin(beta.olena, session=session) as tx:
            for use in (
                tx.cards.own,
                tx.cards.lock,
                lambda deal: tx.deals.update(deal, title="Чужа"),
                lambda deal: tx.timeline.comment(deal, "Чуже"),
            ):
                with pytest.raises(NotFound):
                    use(theirs)
        with app.begin(alfa.olena, session=session) as tx:
            tx.cards.delete(theirs)
            with pytest.raises(NotFound):
                tx.cards.own(theirs)
            with pytest.raises(NotFound):
                tx.cards.lock(theirs)


@only_sqlite
def test_people_comment_on_an_applications_card_and_do_not_delete_it(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        card = tx.cards.ref("lead", "crm:7", title="Запит", url="https://crm.example/7")
        with pytest.raises(ManagedByApplication):
            tx.cards.delete(card)
        tx.timeline.comment(card, "Бачу")
        assert tx.cards.get(card.id).deleted_at is None


@only_sqlite
def test_the_application_deletes_its_card_and_brings_it_back(app: Ecm, alfa: Firm, beta: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        card_id = tx.cards.ref("deal", "crm:7", title="Замовлення").id
        deal = tx.deals.get(card_id)
    document = put(app, alfa.olena, deal, b"x")
    with app.begin(beta.olena) as tx, pytest.raises(NotFound):
        tx.cards.unref("deal", "crm:7")
    with app.begin(alfa.olena) as tx:
        with pytest.raises(HasDocuments):
            tx.cards.unref("deal", "crm:7")
        tx.cards.unref("deal", "crm:7", trash_documents=True)
        assert tx.documents.get(document.id).trashed_at is not None
        for kind, ref in (("deal", "crm:7"), ("deal", "crm:8"), ("lead", "crm:7")):
            with pytest.raises(NotFound):
                tx.cards.unref(kind, ref)
        assert tx.cards.ref("deal", "crm:7", title="Знову").id == card_id


@only_sqlite
def test_a_converted_lead_is_commented_on_and_not_deleted(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead = tx.leads.add("Запит", last_name="Мельник")
        tx.conversions.convert(lead, {"contact": Target()})
    with app.begin(alfa.olena) as tx:
        lead = tx.leads.get(lead.id)
        with pytest.raises(LeadConverted):
            tx.cards.delete(lead)
        tx.timeline.comment(lead, "Подзвонити")
        assert tx.leads.get(lead.id).deleted_at is None
