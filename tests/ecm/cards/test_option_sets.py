"""Option sets: shared by the lists of several kinds of card, edited in one place, never taken from a card."""

from __future__ import annotations

import pytest

from ecm import Ecm
from ecm.cards import option_sets
from ecm.cards.conversion_drafts import Target
from ecm.errors import ChangedMeanwhile, InUse, Invalid, NotFound, Taken
from ecm.models import Card, Contact, Deal, Lead, Option, OptionSet, Organization
from ecm.unit_of_work import UnitOfWork
from tests.firms import Firm

ON_SQLITE = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)
KINDS = ("lead", "deal", "contact", "organization")


@pytest.fixture
def sources(app: Ecm, alfa: Firm) -> OptionSet:
    """An option set that a list of each kind of card has."""
    with app.begin(alfa.admin) as tx:
        sources = tx.option_sets.add("Джерела", ["Пошта", "Виставка", "Радіо"])
        for kind in KINDS:
            tx.fields.add(kind, "Джерело", "list", option_set=sources, multiple=kind == "lead")
    return sources


def add_card(tx: UnitOfWork, kind: str, **fields: object) -> Card:
    if kind == "contact":
        return tx.cards.add(Contact(country="UA"), title=kind, fields=fields)
    if kind == "organization":
        return tx.cards.add(Organization(country="UA"), title=kind, fields=fields)
    stage = tx.pipelines.way(kind, None, None)
    way = {"pipeline_id": stage.pipeline_id, "stage_id": stage.id, "currency": "UAH"}
    made = Deal(**way) if kind == "deal" else Lead(**way, country="UA")
    return tx.cards.add(made, title=kind, fields=fields)


def names(tx: UnitOfWork, card: Card) -> list[str]:
    value = tx.field_values.of([card.id])[card.id].get("джерело", ())
    if isinstance(value, Option):
        return [value.name]
    assert isinstance(value, tuple)
    return [option.name for option in value]


def option(tx: UnitOfWork, option_set: OptionSet, name: str) -> Option:
    options = tx.option_sets.options(option_set, archived=True)
    return next(each for each in options if each.name == name)


def test_an_edited_option_shows_on_lead_deal_contact_and_organization_alike(
    app: Ecm, alfa: Firm, sources: OptionSet
) -> None:
    with app.begin(alfa.olena) as tx:
        cards = [add_card(tx, kind, джерело="Виставка") for kind in KINDS]
    with app.begin(alfa.admin) as tx:
        tx.option_sets.rename_option(option(tx, sources, "Виставка"), "Виставка меблів")
        tx.option_sets.add_option(sources, "Телебачення")
    with app.begin(alfa.olena) as tx:
        assert [names(tx, card) for card in cards] == [["Виставка меблів"]] * 4
        for card in cards:
            tx.cards.change(card, {}, fields={"джерело": "Телебачення"})
            assert names(tx, card) == ["Телебачення"]


@ON_SQLITE
def test_values_stay_each_cards_own(app: Ecm, alfa: Firm, sources: OptionSet) -> None:
    with app.begin(alfa.olena) as tx:
        cards = [add_card(tx, kind, джерело="Пошта") for kind in KINDS]
        tx.cards.change(cards[1], {}, fields={"джерело": "Радіо"})
        assert [names(tx, card) for card in cards] == [["Пошта"], ["Радіо"], ["Пошта"], ["Пошта"]]


def test_a_used_option_is_not_deleted_and_the_refusal_says_how_many_cards_have_it(
    app: Ecm, alfa: Firm, sources: OptionSet
) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_card(tx, "lead", джерело=["Пошта", "Виставка"])
        deal = add_card(tx, "deal", джерело="Пошта")
        tx.cards.delete(deal)  # it can come back
    with app.begin(alfa.admin) as tx:
        with pytest.raises(InUse) as refused:
            tx.option_sets.delete_option(option(tx, sources, "Пошта"))
        assert refused.value.facts == {"what": "option", "name": "Пошта", "cards": 2}
        tx.option_sets.delete_option(option(tx, sources, "Радіо"))
        assert [each.name for each in tx.option_sets.options(sources)] == ["Пошта", "Виставка"]
        tx.cards.change(lead, {}, fields={"джерело": ["Пошта"]})
        tx.option_sets.delete_option(option(tx, sources, "Виставка"))
        assert names(tx, lead) == ["Пошта"]


def test_an_option_that_is_deleted_while_it_is_chosen_is_told_as_such(
    app: Ecm, alfa: Firm, sources: OptionSet
) -> None:
    with app.begin(alfa.olena) as tx:
        contact = add_card(tx, "contact", джерело="Пошта")
    with app.begin(alfa.olena) as slow:
        contact = slow.cards.get(contact.id)
        parsed = slow.field_values.parse("contact", {"джерело": "Радіо"})
        with app.begin(alfa.admin) as fast:
            fast.option_sets.delete_option(option(fast, sources, "Радіо"))
        with pytest.raises(ChangedMeanwhile):
            slow.field_values.store(contact, parsed)
        assert names(slow, contact) == ["Пошта"]


@ON_SQLITE
def test_an_archived_option_stays_on_its_cards_and_cannot_be_newly_chosen(
    app: Ecm, alfa: Firm, sources: OptionSet
) -> None:
    with app.begin(alfa.admin) as tx:
        lead = add_card(tx, "lead", джерело=["Пошта"])
        tx.option_sets.archive_option(option(tx, sources, "Пошта"))
    with app.begin(alfa.olena) as tx:
        assert [each.name for each in tx.option_sets.options(sources)] == ["Виставка", "Радіо"]
        assert names(tx, lead) == ["Пошта"]
        for given in ("Пошта", option(tx, sources, "Пошта").id, option(tx, sources, "Пошта")):
            with pytest.raises(Invalid, match=r"fields\.джерело"):
                add_card(tx, "contact", джерело=given)
        tx.cards.change(lead, {}, fields={"джерело": ["Пошта", "Радіо"]})
        assert names(tx, lead) == ["Пошта", "Радіо"]
        # What was made from a card may have what the card has.
        held = tx.field_values.of([lead.id])[lead.id]["джерело"]
        assert isinstance(held, tuple)
        assert tx.field_values.parse("deal", {"джерело": held[0]}, card=lead)["джерело"].value is held[0]
        tx.cards.change(lead, {}, fields={"джерело": "Радіо"})
        with pytest.raises(Invalid):
            tx.cards.change(lead, {}, fields={"джерело": "Пошта"})
    with app.begin(alfa.admin) as tx:
        tx.option_sets.restore_option(option(tx, sources, "Пошта"))
        tx.cards.change(lead, {}, fields={"джерело": "Пошта"})
        assert names(tx, lead) == ["Пошта"]


@ON_SQLITE
def test_an_option_has_its_name_alone(app: Ecm, alfa: Firm, sources: OptionSet) -> None:
    with app.begin(alfa.admin) as tx:
        tx.option_sets.archive_option(option(tx, sources, "Радіо"))
        with pytest.raises(Taken):
            tx.option_sets.add_option(sources, "радіо")
        with pytest.raises(Taken):
            tx.option_sets.rename_option(option(tx, sources, "Пошта"), "ВИСТАВКА")
        tx.option_sets.rename_option(option(tx, sources, "Пошта"), "пошта")
        with pytest.raises(Taken):
            tx.option_sets.add("Інші", ["а", "А"])
        for wrong in ("", "я" * 201):
            with pytest.raises(Invalid):
                tx.option_sets.add_option(sources, wrong)


@ON_SQLITE
def test_options_are_put_in_order(app: Ecm, alfa: Firm, sources: OptionSet) -> None:
    with app.begin(alfa.admin) as tx:
        ids = [each.id for each in tx.option_sets.options(sources)]
        tx.option_sets.order(sources, ids[::-1])
        assert [each.name for each in tx.option_sets.options(sources)] == ["Радіо", "Виставка", "Пошта"]
        with pytest.raises(Invalid):
            tx.option_sets.order(sources, ids[:2])
        assert tx.option_sets.add_option(sources, "Преса") is tx.option_sets.options(sources)[-1]


@ON_SQLITE
def test_a_set_has_a_thousand_options_at_most(app: Ecm, alfa: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    assert option_sets.OPTIONS_MOST == 1000
    with app.begin(alfa.admin) as tx:
        full = tx.option_sets.add("Повний", [str(number) for number in range(1000)])
        with pytest.raises(Invalid, match="options"):
            tx.option_sets.add_option(full, "ще один")
        first = tx.option_sets.options(full)[0]
        tx.option_sets.archive_option(first)
        tx.option_sets.add_option(full, "ще один")
        with pytest.raises(Invalid, match="options"):
            tx.option_sets.restore_option(first)
        with pytest.raises(Invalid, match="options"):
            tx.option_sets.add("Завеликий", [str(number) for number in range(1001)])


@ON_SQLITE
def test_a_set_that_a_field_has_is_not_deleted(app: Ecm, alfa: Firm, sources: OptionSet) -> None:
    with app.begin(alfa.admin) as tx:
        for kind in KINDS:
            tx.fields.archive(tx.fields.by_key(kind, "джерело"))
        with pytest.raises(InUse):
            tx.option_sets.delete(sources)
        unused = tx.option_sets.add("Зайвий", ["а", "б"])
        tx.option_sets.delete(unused)
        with pytest.raises(NotFound):
            tx.option_sets.get(unused.id)
        assert tx.option_sets.list() == (tx.option_sets.get(sources.id),)


@ON_SQLITE
def test_sets_have_names_of_their_own(app: Ecm, alfa: Firm, sources: OptionSet) -> None:
    with app.begin(alfa.admin) as tx:
        with pytest.raises(Taken):
            tx.option_sets.add("Джерела")
        other = tx.option_sets.add("Кольори")
        with pytest.raises(Taken):
            tx.option_sets.rename(other, "Джерела")
        tx.option_sets.rename(other, "Барви")
        # A list with options of its own does not ask for a name of theirs.
        tx.fields.add("deal", "Барви", "list", options=["синя"])
        assert [each.name for each in tx.option_sets.list()] == ["Барви", "Барви 2", "Джерела"]


@ON_SQLITE
def test_a_converted_lead_takes_its_archived_option_along(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        sources = tx.option_sets.add("Джерела", ["Пошта", "Радіо"])
        for kind in ("lead", "contact"):
            tx.fields.add(kind, "Джерело", "list", option_set=sources)
        lead = tx.leads.add("Лід", last_name="Коваль", fields={"джерело": "Пошта"})
        tx.option_sets.archive_option(option(tx, sources, "Пошта"))
        made = tx.conversions.convert(lead, {"contact": Target()})
        contact = tx.cards.get(made.contact_id or 0)
        assert names(tx, contact) == ["Пошта"]
        tx.cards.change(contact, {}, fields={"джерело": "Радіо"})
        assert (names(tx, contact), names(tx, lead)) == (["Радіо"], ["Пошта"])
