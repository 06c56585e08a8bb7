"""Companies for tests, and the shortest ways to use them."""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass
from pathlib import Path

import ecm
from ecm import Actor, Ecm, previews
from ecm.models import Company, Deal, Document


@dataclass(frozen=True)
class Firm:
    """A company with an administrator, two employees and a deal."""

    company: Company
    admin: Actor
    olena: Actor
    petro: Actor
    deal: Deal


def make_firm(app: Ecm, name: str, *, tariff: str = "free") -> Firm:
    """Add a company with users and a deal. E-mails are unique by the company's id."""
    with app.begin() as tx:
        company = tx.companies.add(name, tariff=tariff)
        admin, olena, petro = (
            app.actor(tx.users.add(company, f"{who}@{company.id}.example", role=role))
            for who, role in (("admin", "admin"), ("olena", "member"), ("petro", "member"))
        )
    with app.begin(olena) as tx:
        deal = tx.deals.add("Постачання сервера", amount="125000.00")
    return Firm(company, admin, olena, petro, deal)


@dataclass(frozen=True)
class Founded:
    """A database to copy, nobody's to open, with two companies in it: SQLite's file, or PostgreSQL's name."""

    database: str
    pickled: bytes

    def firms(self) -> tuple[Firm, Firm]:
        """The two, each time as if just made: what a test does to its own no other test sees."""
        alfa, beta = pickle.loads(self.pickled)
        return alfa, beta


def found(database_url: str, folder: Path) -> Founded:
    """Make two companies in a migrated database, and leave no connection to it."""
    with ecm.open(database=database_url, storage=f"file:{folder}/f", search=f"whoosh:{folder}/i") as app:
        firms = make_firm(app, "Альфа"), make_firm(app, "Бета")
    is_file = database_url.startswith("sqlite")
    database = database_url.removeprefix("sqlite:///") if is_file else database_url.rsplit("/", 1)[1]
    return Founded(database, pickle.dumps(firms))


def put(
    app: Ecm, actor: Actor, deal: Deal, content: bytes, filename: str = "файл.txt", **facts: object
) -> Document:
    """Stage `content` and attach it to a deal."""
    staged = app.stage(actor, io.BytesIO(content), filename=filename)
    with app.begin(actor) as tx:
        return tx.documents.add(staged, card=tx.deals.get(deal.id), **facts)  # type: ignore[arg-type]


def index(app: Ecm) -> None:
    """Make search know all that was stored. Pictures of pages are left undone: they take longer."""
    while app.indexing.work():
        pass


def usage(app: Ecm, actor: Actor) -> tuple[int, int]:
    """What the company uses and has reserved, in bytes."""
    with app.begin(actor) as tx:
        quota = tx.tariffs.quota()
    return quota.company.used_bytes, quota.company.reserved_bytes


def stored_keys(app: Ecm) -> set[str]:
    """The keys of all bytes that people stored; pictures of pages, which the background makes, aside."""
    return {blob.key for blob in app.storage.list() if not blob.key.startswith(previews.PREFIX)}
