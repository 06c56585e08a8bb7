"""Duplicates of clients: by phone, e-mail and tax number, whatever their formatting."""

from __future__ import annotations

import pytest

from ecm import Ecm
from ecm.cards.duplicates import Duplicate, Match
from ecm.errors import Invalid
from ecm.unit_of_work import UnitOfWork
from tests.firms import Firm
from tests.statements import hear_statements

ON_SQLITE = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)

PHONE = Match("phone", "+380441234567")
EMAIL = Match("email", "info@mriya.ua")
TAX_NUMBER = Match("tax_number", "32855961")


def add_clients(tx: UnitOfWork) -> tuple[int, int]:
    """A contact and an organization that share an e-mail: their ids."""
    contact = tx.contacts.add(
        last_name="Коваль", first_name="Олена", phones=["(044) 123-45-67 дод. 12"], emails=["Info@Mriya.UA"]
    )
    firm = tx.organizations.add("Мрія", emails=["info@mriya.ua"], tax_number="32855961")
    return contact.id, firm.id


def told(found: tuple[Duplicate, ...]) -> dict[int, tuple[Match, ...]]:
    return {each.card.id: each.matches for each in found}


def test_duplicates_tell_by_what_they_match_extensions_and_formatting_aside(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        contact, firm = add_clients(tx)
        by_phone = tx.duplicates.find(phones=["+380 44 1234567 доб. 99"])
        assert told(by_phone) == {contact: (PHONE,)}
        assert told(tx.duplicates.find(emails=["INFO@mriya.ua"])) == {contact: (EMAIL,), firm: (EMAIL,)}
        assert told(tx.duplicates.find(tax_number="32 85 59 61")) == {firm: (TAX_NUMBER,)}
        found = tx.duplicates.find(phones=["0441234567"], emails=["info@mriya.ua"], tax_number="32855961")
        assert told(found) == {contact: (EMAIL, PHONE), firm: (TAX_NUMBER, EMAIL)}
        assert [(each.card.title, each.by) for each in found] == [
            ("Коваль Олена", "email"),
            ("Мрія", "tax_number"),
        ]
        assert tx.duplicates.find(phones=["044 123 45 68"], emails=["info@mriya.com"]) == ()
        assert tx.duplicates.find() == ()


@ON_SQLITE
def test_only_the_kinds_that_are_asked_for_are_found(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        contact, firm = add_clients(tx)
        lead = tx.leads.add("Заявка", emails=["info@mriya.ua"], tax_number="32855961").id
        emails = ["info@mriya.ua"]
        assert [*told(tx.duplicates.find(("contact",), emails=emails))] == [contact]
        assert [*told(tx.duplicates.find(("organization",), emails=emails))] == [firm]
        assert [*told(tx.duplicates.find(emails=emails))] == [contact, firm]
        assert told(tx.duplicates.find(("lead",), emails=emails, tax_number="32855961")) == {
            lead: (TAX_NUMBER, EMAIL)
        }
        with pytest.raises(Invalid):
            tx.duplicates.find(("deal",), emails=emails)


@ON_SQLITE
def test_what_is_deleted_or_of_another_company_is_no_duplicate(app: Ecm, alfa: Firm, beta: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        contact, firm = add_clients(tx)
    with app.begin(beta.olena) as tx:
        assert (
            tx.duplicates.find(phones=["0441234567"], emails=["info@mriya.ua"], tax_number="32855961") == ()
        )
    with app.begin(alfa.olena) as tx:
        tx.cards.delete(tx.organizations.get(firm))
        found = tx.duplicates.find(phones=["0441234567"], emails=["info@mriya.ua"], tax_number="32855961")
        assert [*told(found)] == [contact]


@ON_SQLITE
def test_a_card_is_no_duplicate_of_itself(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        contact, firm = add_clients(tx)
        assert told(tx.duplicates.of(tx.contacts.get(contact))) == {firm: (EMAIL,)}
        assert told(tx.duplicates.of(tx.organizations.get(firm))) == {contact: (EMAIL,)}
        found = tx.duplicates.find(tax_number="32855961", but_not=tx.organizations.get(firm))
        assert found == ()


@ON_SQLITE
def test_a_person_who_trades_is_found_as_contact_and_as_organization(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        contact = tx.contacts.add(last_name="Коваль", tax_number="3184710691")
        firm = tx.organizations.add("ФОП Коваль", tax_number="3184710691")
        assert [*told(tx.duplicates.find(tax_number="31847-10691"))] == [contact.id, firm.id]


@ON_SQLITE
def test_what_no_card_could_have_is_refused_instead_of_being_searched(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        for wrong in ({"phones": ["12"]}, {"emails": ["olena"]}, {"tax_number": "32855962"}):
            with pytest.raises(Invalid) as refused:
                tx.duplicates.find(**wrong)  # type: ignore[arg-type]
            assert refused.value.field == next(iter(wrong))


@ON_SQLITE
def test_two_queries_by_indexes_find_duplicates(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        add_clients(tx)
        tx.session.flush()
        with hear_statements(app) as sent:
            tx.duplicates.find(
                ("contact", "organization", "lead"),
                phones=["0441234567"],
                emails=["a@b.ua"],
                tax_number="32855961",
            )
        assert len(sent) == 2
        plan = tx.session.connection().exec_driver_sql(
            "EXPLAIN QUERY PLAN " + sent[0].sql, sent[0].parameters
        )
    steps = [row[3] for row in plan]
    for index in (
        "contact_points_normalized",
        *(f"{each}s_tax_number" for each in ("contact", "organization", "lead")),
    ):
        assert any(index in step for step in steps), steps
    # The five ways' own subqueries are scanned, and no table.
    assert not [step for step in steps if step.startswith("SCAN ecm_")], steps
