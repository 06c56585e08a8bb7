"""A company with any number of cards, and another one beside it, made by statements that insert many rows.

Ids are handed out in groups of eight: two deals, four contacts, a lead and an organization. Every sixth group
belongs to the other company, every fiftieth is deleted. Each card has some entries in its timeline; every
tenth entry of all stands on the measured deal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, Connection, String, case, cast, func, literal, null

from ecm import Ecm
from ecm.cards.sort_keys import sort_key
from ecm.models import Stage
from tests.bench.bulk import TABLES, bulk_connection, insert_rows, numbers, set_sequence, tidy
from tests.bench.library import unlimited_firm
from tests.firms import Firm, make_firm

GROUP = {"deal": (0, 1), "contact": (2, 3, 4, 5), "lead": (6,), "organization": (7,)}
PER_GROUP, OTHERS_STEP, DELETED_STEP, MEASURED_STEP = 8, 6, 50, 10
LIVE_GROUPS = (1 - 1 / OTHERS_STEP) * (1 - 1 / DELETED_STEP)
PRIME = 7919
OWNERS = 20
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
SCALE = 10_000
CURRENCIES = ("UAH",) * 8 + ("EUR", "USD")
SOURCES = ("сайт", "виставка", None, "порада", "пошта")
NAMES: Mapping[str, Sequence[str]] = {
    "deal": ("Постачання ", "Обслуговування ", "Ремонт ", "Їжа для заходу ", "Ґрунтовка "),
    "contact": ("Шевченко Олена ", "Мельник Іван ", "Коваленко Петро ", "Ґудзь Ірина ", "Єрмак Юлія "),
    "lead": ("Запит із сайту ", "Дзвінок ", "Лист "),
    "organization": ("ТОВ Обрій ", "ПП Світанок ", "АТ Їжак ", "ТОВ Альфа "),
}

Make = Callable[[ColumnElement[int]], dict[str, Any]]
Is = Callable[[ColumnElement[int]], ColumnElement[bool]]


@dataclass(frozen=True)
class Office:
    """The company that is measured, another one, and what their cards are made of."""

    firm: Firm
    other: Firm
    owners: Sequence[int]
    fields: Mapping[str, int]
    options: Sequence[int]
    stages: Mapping[str, Sequence[Stage]]


def make_office(app: Ecm) -> Office:
    """Two companies, the first with custom fields of deals; its deal has a value in each, and products."""
    firm, other = unlimited_firm(app), make_firm(app, "Бета")
    with app.begin(firm.admin) as tx:
        owners = [
            tx.users.add(firm.company, f"user{number}@{firm.company.id}.example", role="member").id
            for number in range(OWNERS)
        ]
        area = tx.fields.add("deal", "Область", "list", options=[f"Область {n:02}" for n in range(10)])
        fields = [area, tx.fields.add("deal", "Бюджет", "money"), tx.fields.add("deal", "Примітка", "text")]
        assert area.option_set_id is not None
        options = [option.id for option in tx.option_sets.options(area.option_set_id)]
        stages = {kind: list(tx.pipelines.default(kind).stages) for kind in ("deal", "lead")}
        deal = tx.deals.update(
            tx.deals.get(firm.deal.id),
            fields={"область": options[0], "бюджет": "1000", "примітка": "терміново"},
        )
        lines = [{"name": f"Сервер {n}", "quantity": n, "price": "1000.10"} for n in range(1, 21)]
        tx.products.set(deal, lines)
        return Office(firm, other, owners, {field.key: field.id for field in fields}, options, stages)


def fill_cards(url: str, office: Office, deals: int, entries: int) -> None:
    """Give the company so many live deals at least, twice as many contacts, half as many leads and
    organizations, and so many timeline entries; in a migrated database that nobody else has open."""
    with bulk_connection(url) as connection:
        _Filling(
            connection, office, groups=int(deals / 2 / LIVE_GROUPS) + DELETED_STEP, entries=entries
        ).run()
    tidy(url)


@dataclass
class _Filling:
    connection: Connection
    office: Office
    groups: int
    entries: int

    def run(self) -> None:
        """In the order in which rows refer to each other."""
        for kind in GROUP:
            self._cards(kind)
        self._deals()
        self._leads()
        self._clients()
        self._contact_points()
        self._values()
        self._timeline()
        for name in ("ecm_cards", "ecm_contact_points", "ecm_timeline_entries"):
            set_sequence(self.connection, name)

    @property
    def _first(self) -> int:
        """The id before all of ours."""
        return max(self.office.firm.deal.id, self.office.other.deal.id)

    def _source(self, kind: str) -> tuple[CTE, Sequence[ColumnElement[bool]]]:
        """The numbers of all cards, and those of a kind among them."""
        source = numbers(self.groups * PER_GROUP)
        return source, [(source.c.i % PER_GROUP).in_(GROUP[kind])]

    def _insert(self, table: str, kind: str, make: Make, *more: Is) -> None:
        source, where = self._source(kind)
        conditions = [*where, *(each(source.c.i) for each in more)]
        insert_rows(self.connection, table, source, make(source.c.i), conditions)

    def _company(self, i: ColumnElement[int]) -> ColumnElement[int]:
        is_other = i // PER_GROUP % OTHERS_STEP == 0
        return case((is_other, self.office.other.company.id), else_=self.office.firm.company.id)

    @property
    def _is_sqlite(self) -> bool:
        return self.connection.dialect.name == "sqlite"

    def _time(self, seconds: ColumnElement[int]) -> ColumnElement[Any]:
        """So many seconds after the beginning."""
        at = seconds + int(BEGIN.timestamp())
        if self._is_sqlite:
            return func.strftime("%Y-%m-%d %H:%M:%S.000000", at, "unixepoch", type_=String)
        return func.to_timestamp(at)

    def _day(self, days: ColumnElement[int]) -> ColumnElement[Any]:
        at = days * 86_400 + int(BEGIN.timestamp())
        if self._is_sqlite:
            return func.strftime("%Y-%m-%d", at, "unixepoch", type_=String)
        return cast(func.to_timestamp(at), TABLES["ecm_deals"].c.expected_close.type)

    def _cards(self, kind: str) -> None:
        def make(i: ColumnElement[int]) -> dict[str, Any]:
            number = cast(noise(i, 1), String)
            names = NAMES[kind]
            return {
                "id": i + self._first,
                "company_id": self._company(i),
                "kind": kind,
                "title": pick(i, names) + number,
                "title_key": pick(i, [sort_key(name) for name in names]) + number,
                "owner_id": pick(noise(i, 2), self.office.owners),
                "created_at": self._time(i * 60),
                "updated_at": self._time(noise(i, 3) * 300),
                "deleted_at": case((i // PER_GROUP % DELETED_STEP == 7, self._time(i * 60))),
            }

        self._insert("ecm_cards", kind, make)

    def _deals(self) -> None:
        def make(i: ColumnElement[int]) -> dict[str, Any]:
            client = i - i % PER_GROUP + self._first
            return {
                **self._staged("deal", i),
                "contact_id": client + GROUP["contact"][0],
                "organization_id": client + GROUP["organization"][0],
                "expected_close": case((noise(i, 5) % 3 > 0, self._day(2300 + noise(i, 6) % 400))),
                "source": pick(noise(i, 7), SOURCES),
            }

        self._insert("ecm_deals", "deal", make)

    def _leads(self) -> None:
        def make(i: ColumnElement[int]) -> dict[str, Any]:
            return {**self._staged("lead", i), "country": "UA", "source": pick(noise(i, 7), SOURCES)}

        self._insert("ecm_leads", "lead", make)

    def _staged(self, kind: str, i: ColumnElement[int]) -> dict[str, Any]:
        """What deals and leads have in common."""
        stages = self.office.stages[kind]
        return {
            "card_id": i + self._first,
            "company_id": self._company(i),
            "pipeline_id": stages[0].pipeline_id,
            "stage_id": pick(noise(i, 8), [stage.id for stage in stages]),
            "amount": case((i % 10 != 1, noise(i, 4) * SCALE)),
            "currency": pick(noise(i, 9), CURRENCIES),
        }

    def _clients(self) -> None:
        def make(i: ColumnElement[int]) -> dict[str, Any]:
            number = cast(10_000_000 + i, String)
            return {
                "card_id": i + self._first,
                "company_id": self._company(i),
                "country": "UA",
                "tax_number": case((i % 3 == 0, number)),
            }

        self._insert("ecm_contacts", "contact", make)
        self._insert("ecm_organizations", "organization", make)

    def _contact_points(self) -> None:
        def make(i: ColumnElement[int]) -> dict[str, Any]:
            phone = literal("+3805") + cast(10_000_000 + i, String)
            return {
                "company_id": self._company(i),
                "card_id": i + self._first,
                "kind": "phone",
                "position": 0,
                "value": phone,
                "normalized": phone,
            }

        for kind in ("contact", "lead"):
            self._insert("ecm_contact_points", kind, make)

    def _values(self) -> None:
        """Of the company's deals: all have an area, nine of ten a budget, one of a hundred a note."""
        self._values_of("область", lambda i: {"option_id": pick(noise(i, 10), self.office.options)})
        self._values_of(
            "бюджет",
            lambda i: {"number": noise(i, 11) * SCALE, "currency": literal("UAH")},
            lambda i: noise(i, 12) % 10 > 0,
        )
        notes = ("терміново", "спершу")
        self._values_of(
            "примітка",
            lambda i: {"text": pick(i, notes), "text_key": pick(i, [sort_key(note) for note in notes])},
            lambda i: noise(i, 13) % 100 == 0,
        )

    def _values_of(self, key: str, make: Make, is_there: Is = lambda i: i > 0) -> None:
        def row(i: ColumnElement[int]) -> dict[str, Any]:
            place = {"card_id": i + self._first, "field_id": self.office.fields[key], "position": 0}
            return {**place, "company_id": self._company(i), **make(i)}

        def is_ours(i: ColumnElement[int]) -> ColumnElement[bool]:
            return self._company(i) == self.office.firm.company.id

        self._insert("ecm_field_values", "deal", row, is_ours, is_there)

    def _timeline(self) -> None:
        source = numbers(self.entries)
        i = source.c.i
        card = (i * PRIME) % (self.groups * PER_GROUP - 1) + 1
        firm = self.office.firm
        is_measured = i % MEASURED_STEP == 0
        values = {
            "company_id": case((is_measured, firm.company.id), else_=self._company(card)),
            "card_id": case((is_measured, firm.deal.id), else_=card + self._first),
            "kind": "field.changed",
            "user_id": firm.olena.user_id,
            "facts": {"field": "amount", "old": "1000.00", "new": "2000.00"},
            "at": self._time(i * 60),
        }
        insert_rows(self.connection, "ecm_timeline_entries", source, values)


def noise(i: ColumnElement[int], salt: int) -> ColumnElement[int]:
    """Numbers below a million without any order."""
    return ((i + salt * 101) * (PRIME + salt * 2) * 127) % 999_983


def pick(i: ColumnElement[int], some: Sequence[Any]) -> ColumnElement[Any]:
    """One of some values, by a number."""
    values = {number: null() if value is None else literal(value) for number, value in enumerate(some)}
    return case(values, value=i % len(some))
