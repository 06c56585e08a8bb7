"""Values of custom fields: what each type takes, how they are kept, what becomes of what they point at."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from ecm import Actor, Ecm, clock
from ecm.cards.changes import Change
from ecm.cards.field_types import Money, Value, parse_plain
from ecm.cards.sort_keys import sort_key
from ecm.errors import ChangedMeanwhile, Invalid, MissingFields
from ecm.models import Card, Contact, Field, FieldValue, Option, TimelineEntry, User
from ecm.unit_of_work import UnitOfWork
from tests.blocking import await_blocked
from tests.firms import Firm, put
from tests.statements import hear_statements

ON_SQLITE = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("migrated_database_url", ["postgresql"], indirect=True)
Step = Callable[[UnitOfWork], object]


def field_of(type: str) -> Field:
    return Field(key="поле", name="Поле", type=type, is_multiple=False)


@pytest.mark.parametrize(
    ("type", "given", "value"),
    [
        ("text", "  Київ\r\nОдеса\x00 ", "Київ\nОдеса"),
        ("text", 42, "42"),
        ("text", 42.0, "42"),
        ("number", 5, Decimal("5.00")),
        ("number", 0.1, Decimal("0.10")),
        ("number", "-12.3456", Decimal("-12.3456")),
        ("number", "125 000,50", Decimal("125000.50")),
        ("number", "125\u202f000,5", Decimal("125000.50")),
        ("number", "1250,125", Decimal("1250.125")),
        ("number", "-0", Decimal("0.00")),
        ("money", "125000.50", Money(Decimal("125000.50"), "UAH")),
        ("money", 12, Money(Decimal("12.00"), "UAH")),
        ("money", "12,5 eur", Money(Decimal("12.50"), "EUR")),
        ("money", {"amount": "12.5", "currency": "USD"}, Money(Decimal("12.50"), "USD")),
        ("money", Money(Decimal(3), "PLN"), Money(Decimal("3.00"), "PLN")),
        ("date", "2026-02-28", date(2026, 2, 28)),
        ("date", "28.2.2026", date(2026, 2, 28)),
        ("date", "2026-02-28T12:00:00Z", date(2026, 2, 28)),
        ("date", datetime(2026, 2, 28, 12), date(2026, 2, 28)),  # noqa: DTZ001 - tables' cells have no zone
        ("boolean", True, True),
        ("boolean", "так", True),
        ("boolean", "on", True),
        ("boolean", "0", False),
        ("boolean", False, False),
        ("link", " https://приклад.укр/а?б=в#г ", "https://приклад.укр/а?б=в#г"),
        ("link", "http://company.example:8080", "http://company.example:8080"),
        ("link", ["https://company.example"], "https://company.example"),
    ],
)
def test_a_value_is_read_from_json_forms_and_tables(type: str, given: object, value: Value) -> None:
    alone = given[0] if isinstance(given, list) else given
    assert parse_plain(field_of(type), alone) == value


@pytest.mark.parametrize(
    ("type", "given"),
    [
        ("text", "я" * 4001),
        ("text", True),
        ("text", {"a": 1}),
        ("number", "дванадцять"),
        ("number", "1,250"),  # is it a thousand, or a bit more than one?
        ("number", "1_000"),
        ("number", "٣"),
        ("number", True),
        ("number", float("nan")),
        ("number", "1e400"),
        ("number", "10000000000000"),
        ("number", "0.00001"),
        ("number", "9" * 5000),
        ("money", {"amount": None, "currency": "UAH"}),
        ("money", {"amount": "1", "currency": "гривня"}),
        ("money", "UAH"),
        ("date", "2026-02-30"),
        ("date", "31.04.2026"),
        ("date", "завтра"),
        ("date", 20260101),
        ("boolean", "можливо"),
        ("boolean", 2),
        ("boolean", {}),
        ("link", "company.example"),
        ("link", "javascript:alert(1)"),
        ("link", "JavaScript://company.example/%0aalert(1)"),
        ("link", "ftp://company.example"),
        ("link", "https://"),
        ("link", "https://bank.example@evil.example/"),
        ("link", "https://company.example/a b"),
        ("link", "https://company.example:99999"),
        ("link", "http://[company"),
        ("link", "https://company.example/" + "a" * 2000),
        ("link", 5),
    ],
)
def test_a_wrong_value_is_told_by_the_fields_key(type: str, given: object) -> None:
    with pytest.raises(Invalid) as refused:
        parse_plain(field_of(type), given)
    assert refused.value.field == "fields.поле"
    assert refused.value.reason


def count_statements(app: Ecm, do: Callable[[], object]) -> int:
    with hear_statements(app) as sent:
        do()
    return sum(each.is_reading for each in sent)


def make_contact(tx: UnitOfWork, title: str = "Олена Коваль", **fields: object) -> Card:
    return tx.cards.add(Contact(country="UA"), title=title, fields=fields)


def values(tx: UnitOfWork, card: Card) -> dict[str, Value]:
    return tx.field_values.of([card.id])[card.id]


def change(tx: UnitOfWork, card: Card, **given: object) -> list[Change]:
    return tx.cards.change(card, {}, fields=given)


@pytest.fixture
def fields(app: Ecm, alfa: Firm) -> None:
    """Every type of field on contacts, by the type's name; and a list of several, `tags`."""
    with app.begin(alfa.admin) as tx:
        for type in ("text", "number", "money", "date", "boolean", "user", "link", "file"):
            tx.fields.add("contact", type, type)
        tx.fields.add("contact", "list", "list", options=["Пошта", "Виставка", "2024"])
        tx.fields.add("contact", "tags", "list", multiple=True, options=["Опт", "Роздріб", "VIP"])


def given_of_every_type(tx: UnitOfWork, alfa: Firm, document_id: int) -> dict[str, object]:
    return {
        "text": "Їжак",
        "number": "12,5",
        "money": {"amount": "1000.10", "currency": "EUR"},
        "date": "2026-11-24",
        "boolean": "true",
        "list": "Виставка",
        "tags": ["VIP", "Опт", "VIP"],
        "user": str(alfa.olena.user_id),
        "link": "https://company.example",
        "file": str(document_id),
    }


@pytest.mark.usefixtures("fields")
def test_values_of_every_type_are_kept_in_typed_columns_and_come_back(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, b"content", title="Договір")
    with app.begin(alfa.olena) as tx:
        contact = make_contact(tx, **given_of_every_type(tx, alfa, document.id))
    with app.begin(alfa.olena) as tx:
        found = values(tx, contact)
        option, tags = found.pop("list"), found.pop("tags")
        assert isinstance(option, Option)
        assert isinstance(tags, tuple)
        assert (option.name, [tag.name for tag in tags]) == ("Виставка", ["VIP", "Опт"])
        assert found == {
            "text": "Їжак",
            "number": Decimal("12.50"),
            "money": Money(Decimal("1000.10"), "EUR"),
            "date": date(2026, 11, 24),
            "boolean": True,
            "user": alfa.olena.user_id,
            "link": "https://company.example",
            "file": document.id,
        }
        again = tx.field_values.parse("contact", values(tx, contact))
        assert tx.field_values.store(tx.cards.get(contact.id), again) == []
        by_key = {field.id: field.key for field in tx.fields.list("contact")}
        rows = tx.session.scalars(select(FieldValue).where(FieldValue.card_id == contact.id)).all()
        columns = {(by_key[row.field_id], row.position): row for row in rows}
    assert (columns["text", 0].text, columns["text", 0].text_key) == ("Їжак", sort_key("їжак"))
    assert columns["number", 0].number == Decimal("12.5")
    assert (columns["money", 0].number, columns["money", 0].currency) == (Decimal("1000.10"), "EUR")
    assert columns["date", 0].day == date(2026, 11, 24)
    assert columns["boolean", 0].number == 1
    assert columns["list", 0].option_id == option.id
    assert [columns["tags", place].option_id for place in (0, 1)] == [tag.id for tag in tags]
    assert columns["user", 0].user_id == alfa.olena.user_id
    assert columns["file", 0].document_id == document.id
    assert len(rows) == 11


@ON_SQLITE
@pytest.mark.usefixtures("fields")
def test_changes_are_told_in_words_and_only_what_changed(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, b"content", title="Договір")
    with app.begin(alfa.olena) as tx:
        contact = make_contact(tx)
        changes = change(tx, contact, **given_of_every_type(tx, alfa, document.id))
        assert {each.field.removeprefix("fields."): each.new for each in changes} == {
            "text": "Їжак",
            "number": "12.5",
            "money": "1000.10 EUR",
            "date": "2026-11-24",
            "boolean": "yes",
            "list": "Виставка",
            "tags": "VIP, Опт",
            "user": "olena",
            "link": "https://company.example",
            "file": "Договір",
        }
        assert {each.old for each in changes} == {None}
        assert change(tx, contact, text="Їжак", number="12.50") == []
        assert change(tx, contact, text="Єнот", number=12.5) == [Change("fields.text", "Їжак", "Єнот")]
        assert change(tx, contact, tags=["Опт"]) == [Change("fields.tags", "VIP, Опт", "Опт")]
        assert change(tx, contact, boolean=False) == [Change("fields.boolean", "yes", "no")]
        newest = tx.timeline.list(contact).items[0]
        assert newest.facts == {"field": "fields.boolean", "old": "yes", "new": "no"}


@ON_SQLITE
@pytest.mark.usefixtures("fields")
def test_nothing_clears_a_field_and_leaves_the_others(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        contact = make_contact(tx, number=0)
        for empty in (None, "", "  ", [], [""]):
            change(tx, contact, text="Їжак", tags=["VIP", "Опт"])
            assert len(values(tx, contact)) == 3
            change(tx, contact, tags=empty, text=empty)
            assert values(tx, contact) == {"number": 0}


@ON_SQLITE
@pytest.mark.usefixtures("fields")
def test_a_wrong_value_leaves_no_half_card(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        with pytest.raises(Invalid, match=r"fields\.date"):
            make_contact(tx, "Ніхто", text="Їжак", date="2026-02-30")
        with pytest.raises(Invalid, match=r"fields\.колір"):
            make_contact(tx, "Ніхто", колір="синій")
        contact = make_contact(tx)
        with pytest.raises(Invalid, match=r"fields\.link"):
            change(tx, contact, text="Їжак", link="ftp://company.example")
    with app.begin(alfa.olena) as tx:
        assert values(tx, contact) == {}
        assert tx.session.scalars(select(Card.title).where(Card.kind == "contact")).all() == ["Олена Коваль"]


@ON_SQLITE
@pytest.mark.usefixtures("fields")
def test_what_is_no_option_is_refused(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        for given in ("Радіо", "999999", "2024", {"name": "Радіо"}, {}, 0, True, 1.5, ["Пошта", "2024"]):
            with pytest.raises(Invalid, match=r"fields\.list"):
                tx.field_values.parse("contact", {"list": given})


@ON_SQLITE
@pytest.mark.usefixtures("fields")
def test_tables_give_options_and_users_by_name(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        told = {
            "list": "2024",
            "tags": " vip;опт ",
            "user": f"petro@{alfa.company.id}.example",
        }
        parsed = tx.field_values.parse("contact", told, by_name=True)
        assert parsed["user"].value == alfa.petro.user_id
        assert [option.name for option in chosen(parsed["tags"].value)] == ["VIP", "Опт"]
        assert [option.name for option in chosen(parsed["list"].value)] == ["2024"]
        numbers = {
            "list": chosen(parsed["list"].value)[0].id,
            "tags": [str(chosen(parsed["tags"].value)[0].id)],
        }
        by_id = tx.field_values.parse("contact", numbers)
        assert by_id["list"].value is parsed["list"].value
        assert [option.name for option in chosen(by_id["tags"].value)] == ["VIP"]
        by_comma = tx.field_values.parse("contact", {"tags": "VIP, Роздріб"}, by_name=True)
        assert [option.name for option in chosen(by_comma["tags"].value)] == ["VIP", "Роздріб"]


def chosen(value: Value | None) -> tuple[Option, ...]:
    if isinstance(value, tuple):
        return value
    assert isinstance(value, Option)
    return (value,)


@ON_SQLITE
@pytest.mark.usefixtures("fields")
def test_nothing_of_another_company_can_be_chosen(app: Ecm, alfa: Firm, beta: Firm) -> None:
    foreign = put(app, beta.olena, beta.deal, b"foreign")
    with app.begin(beta.admin) as tx:
        option_set = tx.option_sets.add("Чужий", ["Чужа"])
        option = tx.option_sets.options(option_set)[0]
    with app.begin(alfa.olena) as tx:
        for key, given in (("user", beta.olena.user_id), ("file", foreign.id), ("list", option.id)):
            with pytest.raises(Invalid, match=rf"fields\.{key}"):
                tx.field_values.parse("contact", {key: given})
    with app.begin(beta.olena) as tx, pytest.raises(Invalid, match=r"fields\.text"):
        tx.field_values.parse("contact", {"text": "Їжак"})


@ON_SQLITE
@pytest.mark.usefixtures("fields")
def test_who_left_and_what_is_in_the_trash_stay_where_they_are_and_cannot_be_chosen(
    app: Ecm, alfa: Firm
) -> None:
    document = put(app, alfa.olena, alfa.deal, b"content")
    told = {"user": alfa.petro.user_id, "file": document.id}
    with app.begin(alfa.olena) as tx:
        contact, other = make_contact(tx, **told), make_contact(tx, "Інший")
        tx.documents.trash(tx.documents.get(document.id))
        tx.session.get_one(User, alfa.petro.user_id).disabled_at = clock.now()
    with app.begin(alfa.olena) as tx:
        assert values(tx, contact) == told
        assert change(tx, contact, **told, text="Їжак") == [Change("fields.text", None, "Їжак")]
        for key, given in told.items():
            with pytest.raises(Invalid, match=rf"fields\.{key}"):
                change(tx, other, **{key: given})


@pytest.mark.usefixtures("fields")
def test_purging_a_document_clears_the_fields_that_it_is_in_and_says_so(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, b"content", title="Договір")
    with app.begin(alfa.olena) as tx:
        contact = make_contact(tx, file=document.id, text="Їжак")
        parsed = tx.field_values.parse("contact", {"file": document.id})
    with app.begin(alfa.olena) as tx:
        tx.documents.purge(tx.documents.get(document.id))
    with app.begin(alfa.olena) as tx:
        assert values(tx, contact) == {"text": "Їжак"}
        newest = tx.timeline.list(contact).items[0]
        assert isinstance(newest, TimelineEntry)
        assert newest.facts == {"field": "fields.file", "old": "Договір", "new": None}
        with pytest.raises(ChangedMeanwhile):  # it was there when the form was read
            tx.field_values.store(tx.cards.get(contact.id), parsed)
        assert values(tx, contact) == {"text": "Їжак"}


@ON_SQLITE
@pytest.mark.usefixtures("fields")
def test_the_values_of_a_page_of_cards_take_three_statements(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        cards = [
            make_contact(
                tx, f"Контакт {number}", text="Їжак", list="Пошта", tags=["VIP", "Опт"], number=number
            )
            for number in range(5)
        ]

    def read(some: list[Card], actor: Actor = alfa.olena) -> int:
        with app.begin(actor) as tx:
            return count_statements(app, lambda: tx.field_values.of([card.id for card in some]))

    assert read(cards[:1]) == read(cards) == 3
    with app.begin(alfa.olena) as tx:
        assert tx.field_values.of([]) == {}
        assert tx.field_values.of([alfa.deal.id]) == {alfa.deal.id: {}}


@ON_SQLITE
@pytest.mark.usefixtures("fields")
def test_a_required_field_is_asked_for_and_cannot_be_emptied(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        tx.fields.require(tx.fields.by_key("contact", "boolean"))
    with app.begin(alfa.olena) as tx:
        with pytest.raises(MissingFields) as refused:
            make_contact(tx, text="Їжак")
        assert [each.field for each in refused.value.missing] == ["fields.boolean"]
        contact = make_contact(tx, boolean=False)  # no is an answer
        with pytest.raises(MissingFields):
            change(tx, contact, boolean=None)
        assert values(tx, contact) == {"boolean": False}


def while_it_waits(app: Ecm, actor: Actor, first: Step, second: Step) -> None:
    """Do the first thing, and let another transaction wait with the second until the first is committed."""
    with ThreadPoolExecutor(1) as threads:
        with app.begin(actor) as tx:
            first(tx)

            def follow() -> None:
                with app.begin(actor) as other:
                    second(other)

            following = threads.submit(follow)
            await_blocked(app.database)
        following.result()


@ON_POSTGRESQL
@pytest.mark.usefixtures("fields")
def test_of_two_who_fill_in_a_list_at_once_the_later_ones_choice_stands_alone(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        contact = make_contact(tx)

    def choose(*names: str) -> Step:
        return lambda tx: change(tx, tx.cards.get(contact.id), tags=names)

    while_it_waits(app, alfa.olena, choose("VIP", "Опт"), choose("Роздріб"))
    with app.begin(alfa.olena) as tx:
        assert [option.name for option in chosen(values(tx, contact)["tags"])] == ["Роздріб"]


@ON_POSTGRESQL
@pytest.mark.usefixtures("fields")
def test_purging_waits_for_whoever_is_choosing_the_document(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, b"content")
    with app.begin(alfa.olena) as tx:
        contact = make_contact(tx)
    while_it_waits(
        app,
        alfa.olena,
        lambda tx: change(tx, tx.cards.get(contact.id), file=document.id),
        lambda tx: tx.documents.purge(tx.documents.get(document.id)),
    )
    with app.begin(alfa.olena) as tx:
        assert values(tx, contact) == {}
