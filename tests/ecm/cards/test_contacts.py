"""Contacts: names, titles made of them, and the organizations that people belong to."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from ecm import Actor, Ecm
from ecm.errors import Forbidden, Invalid, ManagedByApplication, MissingFields, NotFound
from ecm.models import Contact
from tests.firms import Firm

ON_SQLITE = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)
PAGE = Path(__file__).parents[3] / "docs/clients.md"


@ON_SQLITE
def test_a_contacts_title_is_the_full_name_and_follows_it(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        contact = tx.contacts.add(first_name="Олена", middle_name=" Іванівна ", last_name="Коваль")
        assert contact.title == "Коваль Олена Іванівна"
        tx.contacts.update(contact, last_name="Шевченко")
        assert contact.title == "Шевченко Олена Іванівна"
        tx.contacts.update(contact, middle_name="", job_title="директорка")
        assert (contact.title, contact.job_title) == ("Шевченко Олена", "директорка")
        told = [(each.facts["field"], each.facts["new"]) for each in tx.timeline.list(contact).items[:-1]]
        assert ("title", "Шевченко Олена Іванівна") in told
        assert ("job_title", "директорка") in told
    with app.begin(alfa.petro) as tx:
        assert [each.title for each in tx.contacts.list()] == ["Шевченко Олена"]
        assert tx.contacts.get(contact.id).title_key == contact.title_key


@ON_SQLITE
def test_a_contact_has_a_last_or_a_first_name(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        assert tx.contacts.add(first_name="Олена").title == "Олена"
        with pytest.raises(Invalid, match="last_name"):
            tx.contacts.add(middle_name="Іванівна")
        contact = tx.contacts.add(last_name="Коваль")
        with pytest.raises(Invalid, match="last_name"):
            tx.contacts.update(contact, last_name=" ")
        assert contact.title == "Коваль"


@ON_SQLITE
def test_the_longest_names_make_a_title(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        contact = tx.contacts.add(last_name="К" * 100, first_name="О" * 100, middle_name="І" * 100)
        assert len(contact.title) == 300
        with pytest.raises(Invalid, match="100 characters at most"):
            tx.contacts.update(contact, last_name="К" * 101)


@ON_SQLITE
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tax_number", "3184710692"),
        ("tax_number", "32855961"),
        ("country", "Ukraine"),
        ("phones", ["12"]),
        ("emails", ["olena"]),
        ("job_title", "д" * 201),
        ("address", "а" * 1001),
    ],
)
def test_nothing_is_made_or_changed_when_a_value_is_refused(
    app: Ecm, alfa: Firm, field: str, value: object
) -> None:
    with app.begin(alfa.olena) as tx:
        contact = tx.contacts.add(last_name="Коваль")
        with pytest.raises(Invalid) as refused:
            tx.contacts.add(last_name="Шевченко", **{field: value})  # type: ignore[arg-type]
        assert refused.value.field == field
        with pytest.raises(Invalid) as refused:
            tx.contacts.update(contact, **{"last_name": "Шевченко", field: value})
        assert refused.value.field == field
    with app.begin(alfa.olena) as tx:
        assert [each.title for each in tx.contacts.list()] == ["Коваль"]
        assert [each.kind for each in tx.timeline.list(contact).items] == ["card.created"]


@ON_SQLITE
def test_only_a_contacts_own_fields_are_changed(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        contact = tx.contacts.add(last_name="Коваль")
        for name in ("title", "website", "id", "company_id", "external_ref"):
            with pytest.raises(Invalid, match=name):
                tx.contacts.update(contact, **{name: "1"})


@ON_SQLITE
def test_a_tax_number_that_stays_is_one_of_the_new_country(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        contact = tx.contacts.add(last_name="Kowal", country="pl", tax_number="123-456-78-90")
        assert (contact.country, contact.tax_number) == ("PL", "1234567890")
        with pytest.raises(Invalid, match="tax_number"):
            tx.contacts.update(contact, country="UA")
        tx.contacts.update(contact, country="UA", tax_number="3184710691")
        tx.contacts.update(contact, country="DE")
        assert (contact.country, contact.tax_number) == ("DE", "3184710691")


def test_a_contact_belongs_to_organizations_in_a_role_in_each(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        mriya, svit = tx.organizations.add("Мрія"), tx.organizations.add("Світ")
        olena = tx.contacts.add(last_name="Коваль", organizations=[svit.id, mriya.id])
        petro = tx.contacts.add(last_name="Шевченко")
        tx.contacts.join(petro, mriya, "бухгалтер")
        tx.contacts.join(olena, mriya, "директорка")
        tx.contacts.join(olena, mriya)  # says nothing new: the role stays
        firms = [(each.organization.title, each.role) for each in tx.contacts.organizations(olena)]
        assert firms == [("Мрія", "директорка"), ("Світ", None)]
        changed = tx.timeline.list(olena).items[0]
        assert (changed.kind, changed.facts["role"]) == ("membership.changed", "директорка")
        people = [(each.contact.title, each.role) for each in tx.organizations.contacts(mriya)]
        assert people == [("Шевченко", "бухгалтер"), ("Коваль", "директорка")]
        second = tx.organizations.contacts(mriya, page=2, per_page=1)
        assert ([each.contact.title for each in second], second.total) == (["Коваль"], 2)


def test_two_who_join_a_contact_to_an_organization_at_once_make_one_membership(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        contact, firm = tx.contacts.add(last_name="Коваль"), tx.organizations.add("Мрія")
    together = Barrier(2)

    def join(actor: Actor) -> None:
        with app.begin(actor) as tx:
            found = tx.contacts.get(contact.id), tx.organizations.get(firm.id)
            together.wait(20)
            tx.contacts.join(*found)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(join, (alfa.olena, alfa.petro)))
    with app.begin(alfa.olena) as tx:
        assert len(tx.contacts.organizations(contact)) == 1
        kinds = [entry.kind for entry in tx.timeline.list(contact).items]
        assert kinds == ["membership.added", "card.created"]


@ON_SQLITE
def test_who_left_an_organization_belongs_to_it_no_more(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        firm = tx.organizations.add("Мрія")
        contact = tx.contacts.add(last_name="Коваль", organizations=[firm.id])
        tx.contacts.leave(contact, firm)
        tx.contacts.leave(contact, firm)
        assert tx.contacts.organizations(contact) == []
        assert tx.organizations.contacts(firm).items == []
        for card in (contact, firm):
            kinds = [each.kind for each in tx.timeline.list(card).items]
            assert kinds == ["membership.ended", "membership.added", "card.created"]
        assert tx.timeline.list(firm).items[0].facts["contact"] == {"id": str(contact.id), "title": "Коваль"}


@ON_SQLITE
def test_deleted_cards_are_left_out_of_memberships(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        firm, gone = tx.organizations.add("Мрія"), tx.organizations.add("Світ")
        contact = tx.contacts.add(last_name="Коваль", organizations=[firm.id, gone.id])
        tx.cards.delete(gone)
        assert [each.organization.title for each in tx.contacts.organizations(contact)] == ["Мрія"]
        tx.cards.delete(contact)
        assert tx.organizations.contacts(firm).items == []


@ON_SQLITE
def test_no_company_reaches_another_ones_contacts(app: Ecm, alfa: Firm, beta: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        contact, firm = tx.contacts.add(last_name="Коваль"), tx.organizations.add("Мрія")
        tx.contacts.join(contact, firm)
    with app.begin(beta.olena) as tx:
        own_firm = tx.organizations.add("Своя")
        for attempt in (
            lambda: tx.contacts.get(contact.id),
            lambda: tx.contacts.update(contact, last_name="Чужа"),
            lambda: tx.contacts.join(contact, own_firm),
            lambda: tx.contacts.leave(contact, firm),
            lambda: tx.contacts.add(last_name="Своя", organizations=[firm.id]),
        ):
            with pytest.raises(NotFound):
                attempt()
        assert tx.contacts.list().items == []
        assert tx.contacts.organizations(contact) == []
        assert tx.organizations.contacts(firm).items == []


@ON_SQLITE
def test_a_contact_of_an_application_is_only_read(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        card = tx.cards.ref("contact", "crm-7", title="Коваль Олена", url="https://crm.example/7")
        assert isinstance(card, Contact)
        with pytest.raises(ManagedByApplication):
            tx.contacts.update(card, last_name="Шевченко")
        firm = tx.organizations.add("Мрія")
        tx.contacts.join(card, firm)
        assert [each.contact.title for each in tx.organizations.contacts(firm)] == ["Коваль Олена"]


@ON_SQLITE
def test_who_may_not_make_contacts_is_refused(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        tx.users.get(alfa.petro.user_id).may_not_create = ["contact"]
    with app.begin(alfa.olena) as tx:
        petro = app.actor(tx.users.get(alfa.petro.user_id))
    with app.begin(petro) as tx:
        with pytest.raises(Forbidden):
            tx.contacts.add(last_name="Коваль")
        assert tx.organizations.add("Мрія").title == "Мрія"


@ON_SQLITE
def test_required_fields_of_contacts_are_asked_for(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        tx.requirements.require("contact", "phones")
        tx.requirements.require("contact", "job_title")
        with pytest.raises(MissingFields) as refused:
            tx.contacts.add(last_name="Коваль")
        assert [each.field for each in refused.value.missing] == ["phones", "job_title"]
        contact = tx.contacts.add(last_name="Коваль", phones=["0671234567"], job_title="директорка")
        with pytest.raises(MissingFields):
            tx.contacts.update(contact, phones=[])
        assert len(tx.contact_points.of([contact.id])[contact.id]) == 1


@ON_SQLITE
def test_the_example_of_the_page_on_clients_runs(
    app: Ecm, alfa: Firm, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    exec(compile(example, str(PAGE), "exec"), {"app": app, "olena": alfa.olena})
    assert capsys.readouterr().out == "Коваль Олена ['директорка']\nКоваль Олена phone\n"
