"""The demo company: made once, found again after that."""

from __future__ import annotations

import io
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from ecm import clock
from ecm.access import Actor
from ecm.app import Ecm
from ecm.demo.clients import add_clients, add_leads, set_up_cards
from ecm.demo.documents import DemoDeal, DemoDocument, list_deals
from ecm.errors import NotFound
from ecm.models import Deal, Document, User
from ecm.staging import StagedFile
from ecm.unit_of_work import UnitOfWork

COMPANY = "Альфа Інтеграція"
# By the first part of the address: its rest, the role, what colleagues see.
PEOPLE = {
    "olena": ("olena.kovalenko@alfa.example", "admin", "Олена Коваленко"),
    "petro": ("petro.shevchuk@alfa.example", "member", "Петро Шевчук"),
    "oksana": ("oksana.bondar@alfa.example", "operator", "Оксана Бондар"),
}
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"


@dataclass(frozen=True)
class DemoAccount:
    """Who can log in, and how."""

    email: str
    password: str
    role: str


@dataclass(frozen=True)
class DemoLogin:
    """The demo company as it stands: how many deals and documents (without the trash) it has, and who can
    log in."""

    company: str
    deals: int
    documents: int
    accounts: list[DemoAccount]


def make_demo(app: Ecm, data_dir: Path) -> DemoLogin:
    """Make the demo company with its people, cards and documents, or find it as an earlier call made it.

    Passwords are kept in ``data_dir/demo.json``, which only its owner can read; where one is true no more, it
    is set again. Cards and documents are made where there are no deals: all of them, or none. Taken when
    another company uses the addresses; EcmError when the font of the PDF documents is not installed.
    """
    passwords = _keep_passwords(data_dir / "demo.json")
    actors = _make_people(app, passwords)
    with app.begin(actors["olena"]) as tx:
        empty = tx.deals.list(per_page=1).total == 0
    if empty:
        _make_deals(app, actors)
        while app.indexing.work():  # pictures of pages are left to the service: they take longer
            pass
    with app.begin(actors["olena"]) as tx:
        deals = tx.deals.list(per_page=1).total
        documents = tx.session.scalar(
            select(func.count()).where(Document.company_id == tx.company_id, Document.trashed_at.is_(None))
        )
    accounts = [DemoAccount(email, passwords[email], role) for email, role, _ in PEOPLE.values()]
    return DemoLogin(COMPANY, deals, documents or 0, accounts)


def _keep_passwords(path: Path) -> dict[str, str]:
    """The passwords by e-mail: those that were kept, and new ones where there are none."""
    try:
        kept = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        kept = {}
    kept = kept if isinstance(kept, dict) else {}
    passwords = {email: str(kept.get(email) or _readable_password()) for email, _, _ in PEOPLE.values()}
    if passwords != kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"demo.json.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(passwords, file, indent=1)
        os.replace(draft, path)
    return passwords


def _readable_password() -> str:
    """Four syllables and four digits: easily typed, and one of some ten to the eleventh."""
    syllables = "".join(secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(4))
    return f"{syllables}-{secrets.randbelow(10_000):04}"


def _make_people(app: Ecm, passwords: Mapping[str, str]) -> dict[str, Actor]:
    """The people by the first part of their addresses, in a company made for them when they are not there."""
    people = {}
    with app.begin() as tx:
        company = None
        for name, (email, role, shown) in PEOPLE.items():
            user = _find(tx, email)
            if user is None:
                company = company or tx.companies.add(COMPANY, tariff="free")
                user = tx.users.add(company, email, role=role, name=shown, password=passwords[email])
            else:
                company = tx.companies.get(user.company_id)
                if not app.passwords.verify(passwords[email], user.password_hash):
                    tx.users.set_password(user, passwords[email])
            people[name] = Actor.of(user)
    return people


def _find(tx: UnitOfWork, email: str) -> User | None:
    """The demo's user with this address; None when there is none, or another company has it."""
    try:
        user = tx.users.by_email(email)
    except NotFound:
        return None
    return user if tx.companies.get(user.company_id).name == COMPANY else None


def _make_deals(app: Ecm, actors: Mapping[str, Actor]) -> None:
    """Store all contents, then make all rows, also of clients and leads, in one transaction."""
    deals = list_deals()
    staged = {
        document.filename: [
            _stage(app, actors[deal.owner], document.filename, make())
            for make in (document.make, document.make_newer)
            if make is not None
        ]
        for deal in deals
        for document in deal.documents
    }
    with app.database.transaction() as session:

        def begin(who: str) -> AbstractContextManager[UnitOfWork]:
            return app.begin(actors[who], session=session)

        set_up_cards(begin)
        closing = clock.now().date() + timedelta(days=30)
        made: dict[str, Deal] = {}
        for deal in deals:
            with begin(deal.owner) as tx:
                made[deal.title] = tx.deals.add(
                    deal.title,
                    amount=deal.amount,
                    currency=deal.currency,
                    stage=deal.stage,
                    expected_close=closing,
                )
        for deal in deals:
            with begin(deal.owner) as tx:
                _put_documents(tx, deal, made, staged)
        add_clients(begin, made)
        add_leads(begin)


def _put_documents(
    tx: UnitOfWork, deal: DemoDeal, made: Mapping[str, Deal], staged: Mapping[str, list[StagedFile]]
) -> None:
    for each in deal.documents:
        first, *newer = staged[each.filename]
        document = tx.documents.add(first, card=made[deal.title], kind=each.kind, tags=each.tags)
        for version in newer:
            tx.documents.add_version(document, version)
        _arrange(tx, each, document, made)


def _arrange(tx: UnitOfWork, each: DemoDocument, document: Document, made: Mapping[str, Deal]) -> None:
    if each.also_on is not None:
        tx.documents.link(document, made[each.also_on])
    if each.trashed:
        tx.documents.trash(document)


def _stage(app: Ecm, actor: Actor, filename: str, content: bytes) -> StagedFile:
    return app.stage(actor, io.BytesIO(content), filename=filename, size_bytes=len(content))
