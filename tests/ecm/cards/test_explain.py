"""The databases' own word that lists, cards and timelines are read by indexes, however many there are."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from ecm import Ecm
from ecm.cards.conditions import Condition
from ecm.models import Deal
from tests.bench.card_filling import Office, fill_cards, make_office
from tests.bench.cards import SORTED_BY_INDEX
from tests.bench.library import opened
from tests.servers.postgres import PostgresServer

DEALS, ENTRIES = 2_000, 10_000
INDEXES = {
    "created_at": "ix_ecm_cards_list",
    "updated_at": "ix_ecm_cards_updated",
    "title": "ix_ecm_cards_title",
    "amount": "ix_ecm_{kind}s_amount",
    "expected_close": "ix_ecm_deals_expected_close",
    "fields.бюджет": "ix_ecm_field_values_number",
}
SORTING = ("Sort", "USE TEMP B-TREE")
READING_ALL = ("Seq Scan on ecm_cards", "Seq Scan on ecm_deals", "Seq Scan on ecm_timeline", "SCAN ecm_")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Ecm, Office]]:
    """A company with some thousands of cards, as few as planners still take seriously: for all tests here,
    which change nothing."""
    folder = tmp_path_factory.mktemp("explained")
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), folder / "ecm.db")
        url = f"sqlite:///{folder}/ecm.db"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.create_database(template=request.getfixturevalue("migrated_postgres"))
    with opened(folder, url) as app:
        office = make_office(app)
    fill_cards(url, office, DEALS, ENTRIES)
    with opened(folder, url) as app:
        yield app, office
    if request.param == "postgresql":
        server.drop_database(url)


@contextmanager
def plans(app: Ecm) -> Iterator[list[str]]:
    """The plans of the statements that are run meanwhile, in the database's own words."""
    statements: list[tuple[str, Any]] = []
    found: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: object) -> None:
        statements.append((statement, parameters))

    event.listen(app.database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(app.database.engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN" if app.database.is_sqlite else "EXPLAIN"
    with app.database.engine.connect() as connection:
        for statement, parameters in statements:
            if statement.startswith("SELECT"):
                rows = connection.exec_driver_sql(f"{explain} {statement}", parameters)
                found.append("\n".join(str(row[-1]) for row in rows))


def has_any(plan: str, signs: tuple[str, ...]) -> bool:
    """Whether a plan has one of these steps."""
    return any(sign in plan for sign in signs)


def test_each_indexed_sort_reads_its_index_in_order_and_sorts_nothing(filled: tuple[Ecm, Office]) -> None:
    app, office = filled
    for kind, names in SORTED_BY_INDEX.items():
        for sort in (sign + name for name in names for sign in ("", "-")):
            with plans(app) as found, app.begin(office.firm.olena) as tx:
                assert len(tx.lists.find(kind, sort=sort).items) == 50
            index = INDEXES[sort.removeprefix("-")].format(kind=kind)
            ordered = [each for each in found if index in each and not has_any(each, SORTING + READING_ALL)]
            assert ordered, (kind, sort, found)


def test_cards_without_a_value_follow_by_the_same_index(filled: tuple[Ecm, Office]) -> None:
    app, office = filled
    with app.begin(office.firm.olena) as tx:
        some = tx.lists.find("deal", [Condition.parse("amount:filled")], per_page=1)
    with plans(app) as found, app.begin(office.firm.olena) as tx:
        page = tx.lists.find("deal", sort="amount", page=some.total // 50 + 1)
        amounts = [card.amount for card in page if isinstance(card, Deal)]
    assert amounts[0] is not None
    assert amounts[-1] is None
    by_index = [each for each in found if "ix_ecm_deals_amount" in each and "IS NULL" in each.upper()]
    assert by_index or app.database.is_sqlite, found  # SQLite does not tell what is empty from what is equal
    assert not [each for each in found if "USE TEMP B-TREE" in each], found


def test_stages_and_owners_narrow_the_newest_by_an_index(filled: tuple[Ecm, Office]) -> None:
    app, office = filled
    for told, index in (
        ("stage:eq:offer", "ix_ecm_deals_stage"),
        (f"owner:eq:{office.owners[3]}", "ix_ecm_cards_owner"),
    ):
        with plans(app) as found, app.begin(office.firm.olena) as tx:
            assert tx.lists.find("deal", [Condition.parse(told)]).items
        assert [each for each in found if index in each and not has_any(each, SORTING)], (told, found)


def test_sums_by_stage_are_read_from_an_index_and_the_deleted_cards_from_another(
    filled: tuple[Ecm, Office],
) -> None:
    app, office = filled
    with app.begin(office.firm.olena) as tx:
        sales = tx.pipelines.default("deal")
    with plans(app) as found, app.begin(office.firm.olena) as tx:
        sums = tx.lists.sum_by_stage("deal", sales)
        live = sum(
            one.cards for one in tx.lists.sum_by_stage("deal", sales, [Condition.parse("title:filled")])
        )
    assert 0 < sum(one.cards for one in sums) == live
    (plan,) = [each for each in found if "ix_ecm_cards_deleted" in each]
    assert "ix_ecm_deals_sums" in plan or not app.database.is_sqlite  # PostgreSQL reads so few as a whole


def test_a_card_and_its_timeline_are_read_by_their_keys(filled: tuple[Ecm, Office]) -> None:
    app, office = filled
    with app.begin(office.firm.olena) as tx:
        contact = tx.lists.find("contact").items[0]
    with plans(app) as found, app.begin(office.firm.olena) as tx:
        contact = tx.contacts.get(contact.id)
        tx.field_values.of([contact.id])
        assert tx.contact_points.of([contact.id])
        newest = tx.timeline.list(contact).items[0]
        assert tx.timeline.list(contact, before=newest.id)
    assert not [each for each in found if has_any(each, READING_ALL)], found
    entries = [each for each in found if "ix_ecm_timeline_entries_card" in each]
    assert len(entries) == 2
