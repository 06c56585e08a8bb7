"""The trail: written in the transaction of what it tells of, read by the company's own, never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from ecm import clock
from ecm.access import Actor
from ecm.database import insert_or
from ecm.models import AuditEvent, Base, Version
from ecm.paging import Page, paginate

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

# A statement made once is cheaper than an object for the session to keep track of.
_ADD = insert(Base.metadata.tables[AuditEvent.__tablename__])


class Audit:
    """The events of one company, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def record(self, action: str, object_type: str, object_id: int, **facts: object) -> None:
        """Add an event of the actor's (or of the library itself, without one)."""
        self.record_many(action, object_type, [(object_id, facts)])

    def record_many(
        self, action: str, object_type: str, objects: Sequence[tuple[int, Mapping[str, object]]]
    ) -> None:
        """Add an event for each of some objects, given with its facts."""
        if not objects:
            return
        common = {
            "company_id": self._tx.company_id,
            "user_id": self._tx.actor.user_id if self._tx.actor else None,
            "action": action,
            "object_type": object_type,
            "at": clock.now(),
        }
        rows = [{**common, "object_id": object_id, "facts": facts} for object_id, facts in objects]
        self._tx.session.execute(_ADD, rows)

    def of(self, object_type: str, object_id: int, *, page: int = 1, per_page: int = 50) -> Page[AuditEvent]:
        """The events of one object, newest first."""
        query = (
            select(AuditEvent)
            .where(
                AuditEvent.company_id == self._tx.company_id,
                AuditEvent.object_type == object_type,
                AuditEvent.object_id == object_id,
            )
            .order_by(AuditEvent.id.desc())
        )
        return paginate(self._tx.session, query, page, per_page)


def record_download(session: Session, actor: Actor | None, version: Version) -> None:
    """Add a download event unless this user had one of this version in this minute."""
    at = clock.now()
    user_id = actor.user_id if actor else None
    session.execute(
        insert_or(session, AuditEvent)
        .values(
            company_id=version.company_id,
            user_id=user_id,
            action="document.downloaded",
            object_type="document",
            object_id=version.document_id,
            facts={"version": version.number},
            at=at,
            once_key=f"download:{user_id}:{version.id}:{at:%Y%m%d%H%M}",
        )
        .on_conflict_do_nothing(index_elements=["once_key"])
    )
