"""A company with any number of documents, made by statements that insert all of them at once.

Documents stand on deals of about twenty, spread so that those of one deal were not uploaded together; every
fifth has a second version, every twentieth stands on a second deal, every fiftieth is in the trash. The
measured deal has sixty live documents, whatever the size of the company.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    String,
    case,
    cast,
    func,
    literal,
    select,
    update,
)

from tests.bench.bulk import TABLES, bulk_connection, insert_rows, numbers, set_sequence, tidy
from tests.firms import Firm

MEASURED = 60
PER_DEAL = 20
PRIME = 7919
SIZE_BYTES = 20 * 1024
OPEN_UPLOADS = 20


def fill(url: str, firm: Firm, documents: int) -> None:
    """Give the firm, in a migrated database that nobody else has open, so many documents more."""
    with bulk_connection(url) as connection:
        _Filling(connection, firm, documents).run()
    tidy(url)


@dataclass
class _Filling:
    connection: Connection
    firm: Firm
    documents: int

    def run(self) -> None:
        """In the order in which rows refer to each other."""
        self._deals()
        self._documents()
        self._versions(self._numbers(), number=1)
        self._versions(self._numbers(step=5), number=2)
        self._links()
        self._audit_events()
        self._open_uploads()
        self._counters()
        for name in ("ecm_cards", "ecm_documents"):
            set_sequence(self.connection, name)

    @property
    def _now(self) -> datetime:
        return datetime.now(UTC)

    @property
    def _deal_count(self) -> int:
        return max(1, self.documents // PER_DEAL)

    @property
    def _is_sqlite(self) -> bool:
        return self.connection.dialect.name == "sqlite"

    def _numbers(self, *, step: int = 1, most: int | None = None) -> CTE:
        """A table of numbers: each document's."""
        return numbers(self.documents if most is None else most, step=step)

    def _is_measured(self, i: ColumnElement[int]) -> ColumnElement[bool]:
        """Whether a document stands on the measured deal: sixty, evenly spread over the years."""
        step = self.documents // MEASURED
        return (i % step == 3) & (i < step * MEASURED)

    def _deal_of(self, i: ColumnElement[int]) -> ColumnElement[int]:
        first_other = self.firm.deal.id + 1
        other = first_other + (i * PRIME) % self._deal_count
        return case((self._is_measured(i), literal(self.firm.deal.id)), else_=other)

    def _hex(self, i: ColumnElement[int], salt: int, length: int) -> ColumnElement[str]:
        """As random as a key or a digest."""
        if self._is_sqlite:
            return func.lower(func.hex(func.randomblob(length // 2)), type_=String)
        part = func.md5(cast(i, String) + literal(f"/{salt}"), type_=String)
        return part if length == 32 else part + func.md5(part, type_=String)

    def _insert(self, table: str, source: CTE, **values: Any) -> None:
        """A row for each number."""
        insert_rows(self.connection, table, source, values)

    def _deals(self) -> None:
        numbers = self._numbers(most=self._deal_count)
        id = self.firm.deal.id + numbers.c.i
        self._insert(
            "ecm_cards",
            numbers,
            id=id,
            company_id=self.firm.company.id,
            kind="deal",
            title=literal("Постачання обладнання ") + cast(numbers.c.i, String),
            title_key=literal("постачання обладнання ") + cast(numbers.c.i, String),
            owner_id=self.firm.olena.user_id,
            created_at=self._now,
            updated_at=self._now,
        )
        self._insert(
            "ecm_deals",
            numbers,
            card_id=id,
            company_id=self.firm.company.id,
            amount=1_000_000,
            currency="UAH",
            pipeline_id=self.firm.deal.pipeline_id,
            stage_id=self.firm.deal.stage_id,
        )

    def _documents(self) -> None:
        numbers = self._numbers()
        i = numbers.c.i
        in_trash = (i % 50 == 0) & ~self._is_measured(i)
        trashed_at = literal(self._now, TABLES["ecm_documents"].c.trashed_at.type)
        self._insert(
            "ecm_documents",
            numbers,
            id=i,
            company_id=self.firm.company.id,
            title=literal("Рахунок на оплату № ") + cast(i, String),
            kind="invoice",
            tags=["оплата"],
            current_version=case((i % 5 == 0, 2), else_=1),
            created_at=self._now,
            updated_at=self._now,
            trashed_at=case((in_trash, trashed_at)),
            trashed_by_id=case((in_trash, self.firm.admin.user_id)),
        )

    def _versions(self, source: CTE, *, number: int) -> None:
        i = source.c.i
        self._insert(
            "ecm_versions",
            source,
            company_id=self.firm.company.id,
            document_id=i,
            number=number,
            size_bytes=SIZE_BYTES,
            sha256=self._hex(i, number, 64),
            media_type="application/pdf",
            filename=literal("Рахунок ") + cast(i, String) + literal(".pdf"),
            storage_key=literal(f"c{self.firm.company.id}/") + self._hex(i, -number, 32),
            uploaded_by_id=case((i % 2 == 0, self.firm.olena.user_id), else_=self.firm.petro.user_id),
            uploaded_at=self._now,
            text_state="done",
        )

    def _links(self) -> None:
        numbers = self._numbers()
        facts = {"company_id": self.firm.company.id, "linked_by_id": self.firm.olena.user_id}
        deal = self._deal_of(numbers.c.i)
        self._insert(
            "ecm_document_cards", numbers, card_id=deal, document_id=numbers.c.i, linked_at=self._now, **facts
        )
        if self._deal_count < 3:
            return
        seconds = self._numbers(step=PER_DEAL)
        second = self.firm.deal.id + 1 + (seconds.c.i * PRIME + 1) % self._deal_count
        self._insert(
            "ecm_document_cards",
            seconds,
            card_id=second,
            document_id=seconds.c.i,
            linked_at=self._now,
            **facts,
        )

    def _audit_events(self) -> None:
        for step, action in ((1, "document.added"), (5, "document.version_added")):
            numbers = self._numbers(step=step)
            self._insert(
                "ecm_audit_events",
                numbers,
                company_id=self.firm.company.id,
                user_id=self.firm.olena.user_id,
                action=action,
                object_type="document",
                object_id=numbers.c.i,
                facts={"version": 1},
                at=self._now,
            )

    def _open_uploads(self) -> None:
        numbers = self._numbers(most=OPEN_UPLOADS)
        later = self._now + timedelta(hours=1)
        self._insert(
            "ecm_intents",
            numbers,
            company_id=self.firm.company.id,
            user_id=self.firm.petro.user_id,
            storage_key=self._hex(numbers.c.i, 3, 32),
            size_bytes=SIZE_BYTES,
            state="open",
            receiving_until=later,
            attach_until=later,
        )

    def _counters(self) -> None:
        versions, intents = TABLES["ecm_versions"], TABLES["ecm_intents"]
        for name, column, of_version in (
            ("ecm_company_usage", "company_id", "company_id"),
            ("ecm_user_usage", "user_id", "uploaded_by_id"),
        ):
            usage = TABLES[name]
            held = [
                select(func.coalesce(func.sum(table.c.size_bytes), 0))
                .where(table.c[whose] == usage.c[column])
                .scalar_subquery()
                for table, whose in ((versions, of_version), (intents, column))
            ]
            self.connection.execute(update(usage).values(held_bytes=cast(held[0] + held[1], BigInteger)))
