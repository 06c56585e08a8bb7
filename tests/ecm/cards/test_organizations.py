"""Organizations: the firms of clients."""

from __future__ import annotations

import pytest

from ecm import Ecm
from ecm.cards.client_fields import parse_website
from ecm.errors import Invalid, NotFound
from tests.firms import Firm, put

ON_SQLITE = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)


@ON_SQLITE
def test_an_organization_keeps_what_its_papers_say(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        firm = tx.organizations.add(
            "Мрія",
            full_name="Товариство з обмеженою відповідальністю  «Мрія»",
            tax_number="3285-5961",
            address="вул. Хрещатик, 1\nКиїв",
            postal_address="а/с 12",
            website="mriya.ua",
            phones=["044 123-45-67"],
        )
    with app.begin(alfa.petro) as tx:
        firm = tx.organizations.get(firm.id)
        assert (firm.title, firm.full_name, firm.tax_number, firm.country) == (
            "Мрія",
            "Товариство з обмеженою відповідальністю «Мрія»",
            "32855961",
            "UA",
        )
        assert (firm.address, firm.postal_address) == ("вул. Хрещатик, 1\nКиїв", "а/с 12")
        assert firm.website == "https://mriya.ua"
        assert firm.owner_id == alfa.olena.user_id
        assert [each.id for each in tx.organizations.list()] == [firm.id]


@ON_SQLITE
def test_changes_of_an_organization_are_told_with_old_and_new(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        firm = tx.organizations.add("Мрія", tax_number="32855961", website="mriya.ua")
        tx.organizations.update(firm, title="Нова Мрія", tax_number="", owner_id=str(alfa.petro.user_id))
        assert (firm.title, firm.tax_number, firm.website) == ("Нова Мрія", None, "https://mriya.ua")
        told = {each.facts["field"]: each.facts for each in tx.timeline.list(firm).items[:-1]}
        assert told["tax_number"]["old"] == "32855961"
        assert told["tax_number"]["new"] is None
        assert told["title"]["new"] == "Нова Мрія"
        assert told["owner"]["new"] == "petro"
        assert firm.owner_id == alfa.petro.user_id


@ON_SQLITE
def test_a_firm_that_is_a_person_has_that_persons_number(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        assert tx.organizations.add("ФОП Коваль", tax_number="3184710691").tax_number == "3184710691"
        with pytest.raises(Invalid, match="ЄДРПОУ"):
            tx.organizations.add("Мрія", tax_number="32855962")
        assert tx.organizations.list().total == 1


@ON_SQLITE
def test_an_organization_has_documents_deals_and_a_timeline(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        firm = tx.organizations.add("Мрія")
        deal = tx.deals.add("Сервер", organization=firm.id)
        assert deal.organization_id == firm.id
    document = put(app, alfa.olena, alfa.deal, b"text")
    with app.begin(alfa.olena) as tx:
        tx.documents.link(tx.documents.get(document.id), tx.organizations.get(firm.id))
        assert tx.cards.count_documents(firm) == 1
        tx.timeline.comment(firm, "Передзвонити")
        assert tx.timeline.list(firm).items[0].facts == {"text": "Передзвонити"}


@ON_SQLITE
def test_no_company_reaches_another_ones_organizations(app: Ecm, alfa: Firm, beta: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        firm = tx.organizations.add("Мрія")
    with app.begin(beta.olena) as tx:
        with pytest.raises(NotFound):
            tx.organizations.get(firm.id)
        with pytest.raises(NotFound):
            tx.organizations.update(firm, title="Чужа")
        with pytest.raises(NotFound):
            tx.organizations.add("Своя", owner_id=alfa.olena.user_id)
        assert tx.organizations.list().items == []


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("", None),
        (" mriya.ua ", "https://mriya.ua"),
        ("http://mriya.ua/uk?a=b", "http://mriya.ua/uk?a=b"),
        ("мрія.укр/про-нас", "https://мрія.укр/про-нас"),
    ],
)
def test_the_address_of_a_site_leads_there(typed: str, address: str | None) -> None:
    assert parse_website(typed) == address


@pytest.mark.parametrize(
    "typed",
    [
        "javascript:alert(1)",
        "ftp://mriya.ua",
        "mriya",
        "https://",
        'mriya.ua/"><b>',
        "a.b c",
        "x" * 298 + ".ua",
    ],
)
def test_what_leads_to_no_site_is_refused(typed: str) -> None:
    with pytest.raises(Invalid, match="website"):
        parse_website(typed)
