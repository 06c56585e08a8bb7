"""Changes of cards that are refused as a whole, owners, amounts as people type them, and kept filters."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from ecm import Ecm, clock
from ecm.cards.conditions import Condition
from ecm.cards.saved_filters import FILTERS_MOST
from ecm.errors import Invalid, MissingFields, NotFound
from ecm.models import SavedFilter, User
from tests.firms import Firm

pytestmark = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)


def test_a_change_whose_move_is_refused_leaves_the_card_as_it_was(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        tx.requirements.require("deal", "source", tx.pipelines.stage(tx.pipelines.default("deal"), "offer"))
        lead_id = tx.leads.add("Запит", phones=["044 123 45 67"]).id
    with app.begin(alfa.olena) as tx:
        deal, lead = tx.deals.get(alfa.deal.id), tx.leads.get(lead_id)
        with pytest.raises(Invalid):
            tx.deals.update(deal, title="Інша", amount="1", stage="lost")
        with pytest.raises(MissingFields):
            tx.deals.update(deal, title="Інша", stage="offer")
        with pytest.raises(Invalid):
            tx.leads.update(lead, title="Інший", phones=[], stage="junk")
    with app.begin(alfa.olena) as tx:
        deal, lead = tx.deals.get(alfa.deal.id), tx.leads.get(lead_id)
        assert (deal.title, str(deal.amount), lead.title) == ("Постачання сервера", "125000.00", "Запит")
        assert [each.value for each in tx.contact_points.of([lead_id])[lead_id]] == ["044 123 45 67"]
        assert [entry.kind for entry in tx.timeline.list(deal).items] == ["card.created"]


def test_an_employee_who_has_left_becomes_no_cards_owner_and_stays_one(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.petro) as tx:
        theirs = tx.contacts.add(last_name="Коваль").id
    with app.begin() as tx:
        left = update(User).where(User.id == alfa.petro.user_id).values(disabled_at=clock.now())
        tx.session.execute(left)
    with app.begin(alfa.olena) as tx:
        with pytest.raises(Invalid, match="still there"):
            tx.deals.update(tx.deals.get(alfa.deal.id), owner_id=alfa.petro.user_id)
        with pytest.raises(Invalid, match="still there"):
            tx.contacts.add(last_name="Мельник", owner_id=alfa.petro.user_id)
        contact = tx.contacts.update(
            tx.contacts.get(theirs), job_title="Директор", owner_id=str(alfa.petro.user_id)
        )
        assert contact.owner_id == alfa.petro.user_id


def test_an_empty_owner_clears_it(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        deal = tx.deals.update(tx.deals.get(alfa.deal.id), owner_id="", team_id="")
        assert (deal.owner_id, deal.team_id) == (None, None)
        assert tx.deals.add("Нова", owner_id="").owner_id == alfa.olena.user_id


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("1 000,50", "1000.50"), ("1\u00a0250", "1250.00"), ("12.5", "12.50"), (" ", "None")],
)
def test_an_amount_is_taken_as_people_write_numbers(app: Ecm, alfa: Firm, typed: str, amount: str) -> None:
    with app.begin(alfa.olena) as tx:
        assert str(tx.deals.add("Нова", amount=typed).amount) == amount
        lead = tx.leads.update(tx.leads.add("Запит", amount="7"), amount=typed)
        assert str(lead.amount) == amount
        for wrong in ("1,000", "багато", "NaN", "1e99"):
            with pytest.raises(Invalid):
                tx.deals.update(tx.deals.get(alfa.deal.id), amount=wrong)
    with app.begin(alfa.olena) as tx:
        found = tx.lists.find("deal", [Condition("amount", "eq", "125 000,00")])
        assert [each.id for each in found.items] == [alfa.deal.id]


def test_only_filters_of_ones_own_are_counted(app: Ecm, alfa: Firm) -> None:
    def saved(user_id: int) -> SavedFilter:
        return SavedFilter(
            company_id=alfa.company.id,
            user_id=user_id,
            card_kind="deal",
            name="Усі",
            conditions=[],
            sort="-id",
            is_shared=True,
        )

    with app.begin(alfa.olena) as tx:
        tx.session.add_all(saved(alfa.petro.user_id) for _ in range(FILTERS_MOST))
        tx.saved_filters.add("deal", "Мої", [])
        tx.session.add_all(saved(alfa.olena.user_id) for _ in range(FILTERS_MOST - 1))
        with pytest.raises(Invalid, match="at most"):
            tx.saved_filters.add("deal", "Ще", [])
        tx.saved_filters.add("lead", "Ліди", [])


def test_a_filter_of_another_company_is_not_found_and_an_earlier_one_is_deleted(
    app: Ecm, alfa: Firm, beta: Firm
) -> None:
    with app.begin(alfa.olena) as tx:
        kept = tx.saved_filters.add("deal", "Усі", [], shared=True)
    with app.begin(beta.admin) as tx, pytest.raises(NotFound):
        tx.saved_filters.delete(kept)
    with app.begin(alfa.olena) as tx:
        tx.saved_filters.delete(kept)
        assert tx.saved_filters.list("deal") == []


def test_a_tax_number_that_stays_has_to_be_one_in_a_leads_new_country(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead = tx.leads.add("Сервер", country="PL", tax_number="123-456-32-18")
        with pytest.raises(Invalid) as refused:
            tx.leads.update(lead, country="UA")
        assert (refused.value.field, lead.country) == ("tax_number", "PL")
        tx.leads.update(lead, country="UA", tax_number="32855961")
        assert (lead.country, lead.tax_number) == ("UA", "32855961")
