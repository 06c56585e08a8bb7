"""Whose index is written next, and what for: companies take turns, and whoever holds the lease of one has its
tasks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import bindparam, delete, or_, select, update

from ecm import clock
from ecm.database import Database, insert_or
from ecm.models import IndexQueue, OutboxTask

BATCH = 200
LEASE_S = 10
"""How soon another worker takes over from one that died; one that lives renews it as long as it works."""
RETRY_FIRST_S, RETRY_MOST_S = 1, 300
RETRY_BUSY_S = 0.2
CANDIDATES = 10

# Made once: it is asked again and again, mostly for nothing.
_WAITING = select(OutboxTask.company_id).distinct().subquery()
_CANDIDATES = (
    select(_WAITING.c.company_id, IndexQueue.company_id)
    .join(IndexQueue, IndexQueue.company_id == _WAITING.c.company_id, isouter=True)
    .where(
        or_(IndexQueue.lease_until.is_(None), IndexQueue.lease_until < bindparam("now")),
        or_(IndexQueue.retry_at.is_(None), IndexQueue.retry_at <= bindparam("now")),
    )
    .order_by(IndexQueue.served_at.nulls_first())
    .limit(CANDIDATES)
)


class Turns:
    """The queue of companies that have index work, one lease at a time for each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, token: str) -> int | None:
        """Take the lease of a company that has work, the one that was served longest ago first. None when
        nothing is to be done now."""
        now = clock.now()
        with self._database.transaction() as session:
            candidates = session.execute(_CANDIDATES, {"now": now}).all()
        for company_id, queued in candidates:
            with self._database.transaction() as session:
                if queued is None:
                    row = insert_or(session, IndexQueue).values(
                        company_id=company_id, served_at=now, failures=0
                    )
                    session.execute(row.on_conflict_do_nothing())
                taken = session.execute(
                    update(IndexQueue)
                    .where(
                        IndexQueue.company_id == company_id,
                        or_(IndexQueue.lease_until.is_(None), IndexQueue.lease_until < now),
                    )
                    .values(lease_token=token, lease_until=now + timedelta(seconds=LEASE_S), served_at=now)
                    .returning(IndexQueue.company_id)
                    .execution_options(synchronize_session=False)
                ).one_or_none()
            if taken is not None:
                return int(company_id)
        return None

    def renew(self, company_id: int, token: str) -> None:
        """Hold the lease for longer."""
        with self._database.transaction() as session:
            session.execute(
                update(IndexQueue)
                .where(IndexQueue.company_id == company_id, IndexQueue.lease_token == token)
                .values(lease_until=clock.now() + timedelta(seconds=LEASE_S))
                .execution_options(synchronize_session=False)
            )

    def tasks(self, company_id: int) -> list[tuple[int, int]]:
        """(task, document) of the next group: what people have just changed goes before a rebuild."""
        query = select(OutboxTask.id, OutboxTask.document_id).where(OutboxTask.company_id == company_id)
        with self._database.transaction() as session:
            last_task = session.scalar(
                select(IndexQueue.rebuild_last_task).where(IndexQueue.company_id == company_id)
            )
            tasks = session.execute(
                query.where(OutboxTask.id > (last_task or 0)).order_by(OutboxTask.id).limit(BATCH)
            ).all()
            if last_task is not None and len(tasks) < BATCH:
                tasks = [
                    *tasks,
                    *session.execute(
                        query.where(OutboxTask.id <= last_task)
                        .order_by(OutboxTask.id)
                        .limit(BATCH - len(tasks))
                    ),
                ]
        return [(task_id, document_id) for task_id, document_id in tasks]

    def end(self, company_id: int, token: str, done: Collection[int]) -> None:
        """These tasks are done; the lease is the next one's."""
        self._give_back(company_id, token, done=done, failures=0, retry_s=None)

    def postpone(self, company_id: int, token: str) -> None:
        """The index is being written by somebody else: no failure, it is tried again shortly."""
        self._give_back(company_id, token, failures=0, retry_s=RETRY_BUSY_S)

    def fail(self, company_id: int, token: str) -> None:
        """Something went wrong: it is tried again, each time later."""
        with self._database.transaction() as session:
            failures = session.scalar(select(IndexQueue.failures).where(IndexQueue.company_id == company_id))
        failures = failures or 0
        retry_s = min(RETRY_FIRST_S * 2 ** min(failures, 10), RETRY_MOST_S)
        self._give_back(company_id, token, failures=failures + 1, retry_s=retry_s)

    def _give_back(
        self,
        company_id: int,
        token: str,
        *,
        done: Collection[int] = (),
        failures: int,
        retry_s: float | None,
    ) -> None:
        retry_at = None if retry_s is None else clock.now() + timedelta(seconds=retry_s)
        with self._database.transaction() as session:
            if done:
                session.execute(delete(OutboxTask).where(OutboxTask.id.in_(done)))
            session.execute(
                update(IndexQueue)
                .where(IndexQueue.company_id == company_id, IndexQueue.lease_token == token)
                .values(lease_token=None, lease_until=None, failures=failures, retry_at=retry_at)
                .execution_options(synchronize_session=False)
            )
