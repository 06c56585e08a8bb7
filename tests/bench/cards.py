"""Lists of cards and cards themselves in a large company: every first page, filters, timelines, totals."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from ecm import Ecm
from ecm.cards.conditions import Condition
from ecm.models import TimelineEntry
from ecm.paging import TOTAL_CAP
from ecm.unit_of_work import UnitOfWork
from tests.bench.card_filling import GROUP, PER_GROUP, Office, fill_cards, make_office
from tests.bench.library import MIB, opened
from tests.bench.measuring import Mark, Result, percentile, quartiles, tell_time
from tests.servers.postgres import PostgresServer, find_binaries

NEEDED_BYTES = 4 * 1024 * MIB
PER_PAGE = 50
MOST_MS = 30
WARM_UP_ROUNDS = 5
SORTED_BY_INDEX: Mapping[str, tuple[str, ...]] = {
    "deal": ("created_at", "updated_at", "title", "amount", "expected_close", "fields.бюджет"),
    "lead": ("created_at", "updated_at", "title", "amount"),
    "contact": ("created_at", "updated_at", "title"),
    "organization": ("created_at", "updated_at", "title"),
}
"""What lists are sorted by without reading more than they show, each from the least and from the most."""
FILTERS: Mapping[str, str] = {
    "a stage": "stage:eq:offer",
    "an owner": "owner:eq:{owner}",
    "a range of amounts": "amount:ge:990000",
    "no amount": "amount:empty",
    "a custom list field": "fields.область:eq:Область 03",
    "a custom number": "fields.бюджет:lt:5000",
    "a custom text that few have": "fields.примітка:eq:спершу",
    "a part of the title": "title:contains:їжа",
    "a part that few titles have": "title:contains:4321",
    "two words anywhere on the card": "anywhere:contains:їжа 4321",
}
Work = Callable[[UnitOfWork], object]


def run(folder: Path, quick: bool) -> list[Result]:
    """Measure it on both databases."""
    results = measure("SQLite", folder / "sqlite", None, quick)
    with PostgresServer(find_binaries()) as server:
        results += measure("PostgreSQL", folder / "postgres", server.create_database(), quick)
    return results


def measure(engine: str, folder: Path, database: str | None, quick: bool) -> list[Result]:
    """Everything in turns, round by round: a noisy minute of the machine is spread over all."""
    deals, entries, rounds = (10_000, 100_000, 20) if quick else (100_000, 1_000_000, 60)
    with company(folder, database, deals, entries) as (app, office):
        firm = office.firm
        marked, others = lists(office) | cards(app, office), filtered(office) | unmarked(office)
        taken: dict[str, list[float]] = {what: [] for what in (*marked, *others)}
        for number in range(-WARM_UP_ROUNDS, rounds):
            for what, work in (marked | others).items():
                started = time.perf_counter()
                with app.begin(firm.olena) as tx:
                    work(tx)
                if number >= 0:
                    taken[what].append(time.perf_counter() - started)
    return [_result(f"{what}, {deals:,} deals on {engine}", taken[what], what in marked) for what in taken]


@contextmanager
def company(folder: Path, database: str | None, deals: int, entries: int) -> Iterator[tuple[Ecm, Office]]:
    """The library on a database with a company of so many deals and entries in its timelines."""
    with opened(folder, database) as app:
        office = make_office(app)
    fill_cards(database or f"sqlite:///{folder}/ecm.db", office, deals, entries)
    with opened(folder, database) as app:
        yield app, office


def lists(office: Office) -> dict[str, Work]:
    """The first page of each list, by each sort that has an index, with the total."""
    return {
        f"{kind}s by {sort}": partial(show_list, kind=kind, sort=sort)
        for kind, names in SORTED_BY_INDEX.items()
        for name in names
        for sort in (f"-{name}", name)
    }


def show_list(tx: UnitOfWork, *, kind: str, sort: str) -> None:
    """The first page, full, and the total."""
    page = tx.lists.find(kind, sort=sort, per_page=PER_PAGE)
    assert len(page.items) == PER_PAGE
    assert page.total > PER_PAGE


def cards(app: Ecm, office: Office) -> dict[str, Work]:
    """A deal with everything on it, a contact, and the timeline of the deal from its middle on."""
    # In the second group, which is neither deleted nor of the other company.
    contact = max(office.firm.deal.id, office.other.deal.id) + PER_GROUP + GROUP["contact"][0]
    return {
        "a deal with its values, products, timeline": partial(show_deal, id=office.firm.deal.id),
        "a contact with its phones and timeline": partial(show_contact, id=contact),
        "the middle of the deal's timeline": partial(
            show_timeline, id=office.firm.deal.id, before=middle_entry(app, office)
        ),
    }


def show_deal(tx: UnitOfWork, *, id: int) -> None:
    """All that the page of a deal tells."""
    deal = tx.deals.get(id)
    values = tx.field_values.of([deal.id])[deal.id]
    entries = tx.timeline.list(deal, limit=PER_PAGE).items
    lines = tx.products.of(deal).lines
    assert (len(values), len(entries), len(lines)) == (3, PER_PAGE, 20)


def show_contact(tx: UnitOfWork, *, id: int) -> None:
    """All that the page of a contact tells."""
    contact = tx.contacts.get(id)
    tx.field_values.of([contact.id])
    points = tx.contact_points.of([contact.id])[contact.id]
    entries = tx.timeline.list(contact, limit=PER_PAGE).items
    assert points
    assert entries


def middle_entry(app: Ecm, office: Office) -> int:
    """The entry of the deal's timeline that has as many newer as older ones, about."""
    with app.begin(office.firm.olena) as tx:
        newest = tx.timeline.list(tx.deals.get(office.firm.deal.id), limit=1).items[0].id
        of_deal = select(func.max(TimelineEntry.id)).where(TimelineEntry.card_id == office.firm.deal.id)
        return tx.session.scalars(of_deal.where(TimelineEntry.id <= newest // 2)).one()


def show_timeline(tx: UnitOfWork, *, id: int, before: int) -> None:
    """Fifty entries before one."""
    assert len(tx.timeline.list(tx.deals.get(id), before=before, limit=PER_PAGE).items) == PER_PAGE


def filtered(office: Office) -> dict[str, Work]:
    """The first page of the deals that fulfil a condition, the newest first."""
    return {
        f"deals by -created_at, narrowed by {what}": partial(
            show_filtered, told=told.format(owner=office.owners[3])
        )
        for what, told in FILTERS.items()
    }


def show_filtered(tx: UnitOfWork, *, told: str) -> None:
    """The first page, with the total, of what a condition leaves."""
    page = tx.lists.find("deal", [Condition.parse(told)], per_page=PER_PAGE)
    assert 0 < page.total <= TOTAL_CAP, told


def unmarked(office: Office) -> dict[str, Work]:
    """What reads more than it shows: sorts without an index, and sums of all amounts."""
    return {
        "deals by fields.область": partial(show_list, kind="deal", sort="fields.область"),
        "deals by fields.примітка, which few have": partial(show_list, kind="deal", sort="fields.примітка"),
        "deals by owner": partial(show_list, kind="deal", sort="owner"),
        "sums of deals by stage": sum_deals,
    }


def sum_deals(tx: UnitOfWork) -> None:
    """The sums of amounts by stage and currency."""
    sums = tx.lists.sum_by_stage("deal", tx.pipelines.default("deal"))
    assert sum(each.cards for each in sums) > TOTAL_CAP / 2


def _result(what: str, taken_s: list[float], is_marked: bool) -> Result:
    low, high = quartiles(taken_s)
    return Result(
        what,
        percentile(taken_s, 95) * 1000,
        "ms",
        Mark("at most", MOST_MS) if is_marked else None,
        f"95 of 100 take no longer; {len(taken_s)} rounds, half within {tell_time(low)}-{tell_time(high)}",
    )
