"""Lists of cards: narrowed and sorted by any field, as Python itself would do it, on both databases."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ecm import Ecm
from ecm.cards.conditions import Condition
from ecm.cards.pipelines import NewStage
from ecm.cards.sort_keys import sort_key
from ecm.errors import Forbidden, Invalid, NotFound
from ecm.models import Card, Deal
from ecm.paging import Page
from tests.firms import Firm, make_firm
from tests.statements import hear_statements

ON_SQLITE = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)
TITLES = ("Ґрунт", "гора", "Їжа", "йод", "Дах", "act 7", "12 вікон", "ящик", "Ель", "єнот")


@dataclass(frozen=True)
class Row:
    """What is known of a deal without the database."""

    id: int
    title: str
    amount: Decimal | None
    expected_close: date | None
    source: str | None
    stage: str
    owner: int
    area: str | None
    budget: Decimal | None
    note: str | None


@pytest.fixture
def filled(app: Ecm) -> tuple[Firm, list[Row]]:
    """A company with sixty deals of all sorts, and another with some of the same."""
    firm, other = make_firm(app, "Альфа"), make_firm(app, "Бета")
    with app.begin(other.olena) as tx:
        for title in TITLES:
            tx.deals.add(title, amount="5")
    with app.begin(firm.admin) as tx:
        tx.fields.add("deal", "Область", "list", options=["Київ", "Львів", "Одеса"])
        tx.fields.add("deal", "Бюджет", "money")
        tx.fields.add("deal", "Примітка", "text")
    chance = random.Random(7)
    rows = []
    with app.begin(firm.olena) as tx:
        for _ in range(60):
            given: dict[str, Any] = {
                "amount": chance.choice([None, Decimal(chance.randrange(5)), Decimal("12.34")]),
                "expected_close": chance.choice([None, date(2026, chance.randrange(1, 5), 1)]),
                "source": chance.choice([None, "сайт", "Виставка Київ", "100% реклама_*?["]),
                "stage": chance.choice(["new", "offer", "contract"]),
            }
            custom: dict[str, Any] = {
                "область": chance.choice([None, "Київ", "Львів", "Одеса"]),
                "бюджет": chance.choice([None, 0, 7, 1000]),
                "примітка": chance.choice([None, "Терміново", "не терміново", "інше"]),
            }
            owner = chance.choice([firm.olena, firm.petro]).user_id
            title = chance.choice(TITLES) + chance.choice(["", " А", " б"])
            deal = tx.deals.add(title, owner_id=owner, fields=custom, **given)
            budget = None if custom["бюджет"] is None else Decimal(str(custom["бюджет"]))
            rows.append(
                Row(
                    deal.id,
                    title,
                    given["amount"],
                    given["expected_close"],
                    given["source"],
                    given["stage"],
                    owner,
                    custom["область"],
                    budget,
                    custom["примітка"],
                )
            )
    with app.begin(firm.olena) as tx:
        gone = tx.deals.get(rows.pop(10).id)
        tx.cards.delete(gone)
    return firm, rows


def in_pages(find: Callable[[int], Page[Card]]) -> Iterator[int]:
    """The ids of all pages, one after the other; the total is true on each."""
    number, seen = 1, 0
    while True:
        page = find(number)
        seen += len(page.items)
        yield from (card.id for card in page)
        if seen >= page.total:
            assert seen == page.total
            return
        number += 1


def ordered(rows: list[Row], key: Callable[[Row], Any], *, descending: bool) -> list[int]:
    """The ids in order: those without a value last, equal ones by their age."""
    there = [row for row in rows if key(row) is not None]
    missing = [row for row in rows if key(row) is None]
    there.sort(key=lambda row: (key(row), row.id), reverse=descending)
    missing.sort(key=lambda row: row.id, reverse=descending)
    return [row.id for row in (*there, *missing)]


SORTS: dict[str, Callable[[Row], Any]] = {
    "created_at": lambda row: row.id,
    "title": lambda row: sort_key(row.title),
    "amount": lambda row: row.amount,
    "expected_close": lambda row: row.expected_close,
    "stage": lambda row: ["new", "offer", "negotiation", "contract"].index(row.stage),
    "owner": lambda row: row.owner,  # Olena is before Petro, by name as by age
    "fields.область": lambda row: row.area,
    "fields.бюджет": lambda row: row.budget,
    "fields.примітка": lambda row: sort_key(row.note) if row.note else None,
}


def test_a_list_is_sorted_by_any_field_in_pages_without_gaps_and_repeats(
    app: Ecm, filled: tuple[Firm, list[Row]]
) -> None:
    firm, rows = filled
    with app.begin(firm.olena) as tx:
        for name, key in SORTS.items():
            for sign in ("", "-"):
                sort = sign + name

                def find(page: int, sort: str = sort) -> Page[Card]:
                    return tx.lists.find("deal", sort=sort, page=page, per_page=7)

                found = list(in_pages(find))
                wanted = ordered(rows, key, descending=bool(sign))
                assert [id for id in found if id != firm.deal.id] == wanted, sort


CONDITIONS: dict[str, Callable[[Row], bool]] = {
    "title:contains:ҐРУН": lambda row: "ґрун" in row.title.casefold(),
    "title:eq:ГОРА": lambda row: row.title.casefold() == "гора",
    "amount:ge:4": lambda row: row.amount is not None and row.amount >= 4,
    "amount:lt:2": lambda row: row.amount is not None and row.amount < 2,
    "amount:ne:12.34": lambda row: row.amount != Decimal("12.34"),
    "amount:in:1,2": lambda row: row.amount in (1, 2),
    "amount:empty": lambda row: row.amount is None,
    "expected_close:le:2026-02-01": lambda row: bool(
        row.expected_close and row.expected_close <= date(2026, 2, 1)
    ),
    "expected_close:filled": lambda row: row.expected_close is not None,
    "source:contains:КИЇВ": lambda row: "київ" in (row.source or "").casefold(),
    "source:contains:%": lambda row: "%" in (row.source or ""),
    "source:contains:_*?[": lambda row: "_*?[" in (row.source or ""),
    "source:ne:сайт": lambda row: row.source != "сайт",
    "stage:eq:offer": lambda row: row.stage == "offer",
    "stage:in:offer,contract": lambda row: row.stage in ("offer", "contract"),
    "fields.область:eq:Львів": lambda row: row.area == "Львів",
    "fields.область:ne:Львів": lambda row: row.area != "Львів",
    "fields.область:empty": lambda row: row.area is None,
    "fields.бюджет:gt:5": lambda row: row.budget is not None and row.budget > 5,
    "fields.бюджет:filled": lambda row: row.budget is not None,
    "fields.примітка:contains:ТЕРМІН": lambda row: "термін" in (row.note or "").casefold(),
}


def test_a_list_is_narrowed_by_conditions_on_any_field(app: Ecm, filled: tuple[Firm, list[Row]]) -> None:
    firm, rows = filled
    chance = random.Random(8)
    some = [[text] for text in CONDITIONS] + [chance.sample(sorted(CONDITIONS), 2) for _ in range(30)]
    with app.begin(firm.olena) as tx:
        for texts in some:
            wanted = [row.id for row in rows if all(CONDITIONS[text](row) for text in texts)]
            conditions = [Condition.parse(text) for text in texts]
            page = tx.lists.find("deal", conditions, sort="created_at", per_page=1000)
            assert [card.id for card in page if card.id != firm.deal.id] == wanted, texts


@ON_SQLITE
def test_me_is_whoever_asks(app: Ecm, filled: tuple[Firm, list[Row]]) -> None:
    firm, rows = filled
    with app.begin(firm.petro) as tx:
        page = tx.lists.find("deal", [Condition.parse("owner:eq:me")], sort="created_at", per_page=100)
        assert [card.id for card in page] == [row.id for row in rows if row.owner == firm.petro.user_id]


@ON_SQLITE
@pytest.mark.parametrize(
    "text",
    ["nothing:eq:1", "fields.nothing:eq:1", "amount:like:1", "amount:contains:1", "amount:eq:багато",
     "amount:ge:",
     "stage:eq:ніяка", "owner:eq:-1", "owner:lt:3", "expected_close:eq:вчора", "amount:in:", "amount",
     "phones:eq:1", "fields.область:eq:Марс", "fields.область:lt:1"],
)  # fmt: skip
def test_a_condition_that_does_not_suit_is_refused(
    app: Ecm, filled: tuple[Firm, list[Row]], text: str
) -> None:
    firm, _ = filled
    with app.begin(firm.olena) as tx, pytest.raises(Invalid):
        tx.lists.find("deal", [Condition.parse(text)])


@ON_SQLITE
def test_contacts_are_found_by_phone_and_e_mail_as_they_are_typed(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        contact = tx.contacts.add(
            last_name="Мельник", phones=["044 123-45-67 дод. 8"], emails=["I.Melnyk@Alfa.example"]
        )
        tx.contacts.add(last_name="Інша", phones=["050 123-45-67"])
        for text in (
            "phones:eq:+380441234567",
            "phones:contains:(044) 123",
            "emails:eq:i.melnyk@alfa.example",
            "emails:contains:MELNYK",
        ):
            page = tx.lists.find("contact", [Condition.parse(text)])
            assert [card.id for card in page] == [contact.id], text
        assert len(tx.lists.find("contact", [Condition.parse("emails:empty")]).items) == 1


def test_amounts_are_summed_by_stage_and_currency_exactly(app: Ecm, alfa: Firm, beta: Firm) -> None:
    with app.begin(beta.olena) as tx:
        tx.deals.add("Чужа", amount="1000000")
    with app.begin(alfa.admin) as tx:
        tx.pipelines.add(
            "deal", "Сервіс", [NewStage("А"), NewStage("Б", outcome="won"), NewStage("В", outcome="lost")]
        )
    with app.begin(alfa.olena) as tx:
        for amount in ("0.1", "0.2", None):
            tx.deals.add("Мала", amount=amount, stage="offer")
        tx.deals.add("В євро", amount="3.33", currency="EUR", stage="offer")
        tx.deals.add("Сервіс", amount="77", pipeline="сервіс")
        tx.cards.delete(tx.deals.add("Видалена", amount="500"))
        tx.cards.delete(tx.deals.add("Видалена", amount="500", stage="contract"))
        sales = tx.pipelines.default("deal")
        sums = {
            (next(each.code for each in sales.stages if each.id == one.stage_id), one.currency): (
                one.cards,
                one.amount,
            )
            for one in tx.lists.sum_by_stage("deal", sales)
        }
        assert sums == {
            ("new", "UAH"): (1, Decimal(125000)),
            ("offer", "UAH"): (3, Decimal("0.3")),
            ("offer", "EUR"): (1, Decimal("3.33")),
        }
        all_of_them = [Condition.parse("title:filled")]
        assert tx.lists.sum_by_stage("deal", sales, all_of_them) == tx.lists.sum_by_stage("deal", sales)
        few = tx.lists.sum_by_stage("deal", sales, [Condition.parse("amount:lt:0.15")])
        assert [(one.cards, one.amount) for one in few] == [(1, Decimal("0.1"))]


def test_leads_are_summed_by_stage_and_those_who_are_deleted_are_not(
    app: Ecm, alfa: Firm, beta: Firm
) -> None:
    with app.begin(beta.olena) as tx:
        tx.leads.add("Чужий", amount="1000000")
    with app.begin(alfa.olena) as tx:
        tx.leads.add("Без суми")
        for amount in ("0.1", "0.2"):
            tx.leads.add("Малий", amount=amount, stage="contacted")
        tx.leads.add("В євро", amount="3.33", currency="EUR", stage="contacted")
        tx.cards.delete(tx.leads.add("Видалений", amount="500"))
        way = tx.pipelines.default("lead")
        codes = {stage.id: stage.code for stage in way.stages}
        sums = tx.lists.sum_by_stage("lead", way)
        assert {(codes[one.stage_id], one.currency, one.cards, one.amount) for one in sums} == {
            ("new", "UAH", 1, Decimal(0)),
            ("contacted", "UAH", 2, Decimal("0.3")),
            ("contacted", "EUR", 1, Decimal("3.33")),
        }


@ON_SQLITE
def test_a_page_takes_the_same_number_of_statements_however_many_cards_it_has(
    app: Ecm, filled: tuple[Firm, list[Row]]
) -> None:
    firm, _ = filled
    counts = []
    for per_page in (2, 50):
        with hear_statements(app) as sent, app.begin(firm.olena) as tx:
            page = tx.lists.find("deal", sort="title", per_page=per_page)
            assert all(isinstance(card, Deal) and card.stage.pipeline.code for card in page)
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 3


@ON_SQLITE
def test_a_filter_is_kept_shared_and_deleted_by_its_owner(app: Ecm, filled: tuple[Firm, list[Row]]) -> None:
    firm, _ = filled
    conditions = [Condition.parse("fields.область:eq:Львів")]
    with app.begin(firm.olena) as tx:
        own = tx.saved_filters.add("deal", "Львівські", conditions, sort="-amount")
        shared = tx.saved_filters.add("deal", "Для всіх", conditions, shared=True)
        with pytest.raises(Invalid):
            tx.saved_filters.add("deal", "Хибний", [Condition.parse("nothing:eq:1")])
    with app.begin(firm.petro) as tx:
        assert [each.name for each in tx.saved_filters.list("deal")] == ["Для всіх"]
        with pytest.raises(NotFound):
            tx.saved_filters.get(own.id)
        with pytest.raises(Forbidden):
            tx.saved_filters.delete(tx.saved_filters.get(shared.id))
    with app.begin(firm.olena) as tx:
        tx.saved_filters.delete(tx.saved_filters.get(own.id))
        assert [each.id for each in tx.saved_filters.list("deal")] == [shared.id]


@ON_SQLITE
def test_filters_of_another_company_are_not_there(app: Ecm, alfa: Firm, beta: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        saved = tx.saved_filters.add("deal", "Усі", [], shared=True)
    with app.begin(beta.admin) as tx:
        assert tx.saved_filters.list("deal") == []
        with pytest.raises(NotFound):
            tx.saved_filters.get(saved.id)


def test_titles_sort_as_the_alphabet_does() -> None:
    words = [
        "7",
        "act",
        "гора",
        "ґава",
        "дах",
        "ель",
        "єнот",
        "жук",
        "зал",
        "ива",
        "інше",
        "їжа",
        "йод",
        "як",
    ]
    assert sorted(random.Random(1).sample(words, len(words)), key=sort_key) == words
    assert Card.title_key.type.length == 300


@pytest.fixture
def many_sided(app: Ecm) -> Firm:
    """A company whose cards can be known by all that stands on them; and another, just like it."""
    firm = make_firm(app, "Альфа")
    for each in (firm, make_firm(app, "Бета")):
        with app.begin(each.admin) as tx:
            fields = tx.fields
            place = fields.add("deal", "Об'єкт", "text").key
            site = fields.add("deal", "Сайт", "link").key
            area = fields.add("deal", "Область", "list", options=["Київська", "Львівська"]).key
            space = fields.add("deal", "Площа", "number").key
            former = fields.add("deal", "Колишнє", "text").key
        with app.begin(each.olena) as tx:
            organization = tx.organizations.add("ТОВ Мрія", emails=["office@mriya.example"])
            tx.contacts.add(last_name="Мельник", phones=["+380 44 123-45-67"], address="вул. Ґонти, 5")
            tx.deals.add(
                "Сервери",
                organization=organization.id,
                source="Виставка 50%",
                fields={
                    place: "Склад на Подолі",
                    site: "https://sklad.example/podil",
                    area: "Київська",
                    space: "1250.5",
                    former: "застаріле",
                },
            )
            tx.deals.add("Кабель")
        with app.begin(each.admin) as tx:
            tx.fields.archive(tx.fields.by_key("deal", former))
    return firm


@pytest.mark.parametrize(
    ("kind", "words", "titles"),
    [
        ("deal", "СЕРВЕРИ", ["Сервери"]),
        ("deal", "ПОДОЛІ сервери", ["Сервери"]),
        ("deal", "подолі кабель", []),
        ("deal", "podil", ["Сервери"]),
        ("deal", "київськ", ["Сервери"]),
        ("deal", "львівська", []),
        ("deal", "1250,50", ["Сервери"]),
        ("deal", "1250", []),
        ("deal", "мрія", ["Сервери"]),
        ("deal", "50%", ["Сервери"]),
        ("deal", "виставка_50", []),
        ("deal", "застаріле", []),
        ("contact", "1234567", ["Мельник"]),
        ("contact", "044 123", ["Мельник"]),
        ("contact", "ґонти", ["Мельник"]),
        ("contact", "45", []),
        ("organization", "OFFICE@mriya", ["ТОВ Мрія"]),
    ],
)
def test_words_are_found_anywhere_on_a_card(
    app: Ecm, many_sided: Firm, kind: str, words: str, titles: list[str]
) -> None:
    with app.begin(many_sided.olena) as tx:
        found = tx.lists.find(kind, [Condition("anywhere", "contains", words)])
        assert ([card.title for card in found.items], found.total) == (titles, len(titles))


@ON_SQLITE
@pytest.mark.parametrize(
    ("operator", "words"), [("eq", "сервер"), ("contains", " "), ("contains", "а " * 11)]
)
def test_anywhere_contains_one_to_ten_words(app: Ecm, alfa: Firm, operator: str, words: str) -> None:
    with app.begin(alfa.olena) as tx, pytest.raises(Invalid, match="anywhere"):
        tx.lists.find("deal", [Condition("anywhere", operator, words)])
