"""Slow work on single versions, beside indexing: recognising scans, drawing previews.

A job is committed together with what asks for it, and done at least once, so handlers are idempotent. A
worker that dies loses its lease, and another one does the job again.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from ecm import clock
from ecm.database import Database, insert_or
from ecm.models import Job
from ecm.renewing import renewing

logger = logging.getLogger(__name__)

Kind = Literal["recognize", "preview", "forget_preview"]
Handler = Callable[[int, int], None]
"""Does the job of a company's version: (company id, version id). Nothing to do is no error."""

LEASE_S = 30
RETRY_FIRST_S, RETRY_FACTOR, TRIES = 5, 4, 5


def add_job(session: Session, kind: Kind, company_id: int, version_id: int) -> None:
    """Have the background do this, once the caller's transaction commits. One that waits already stays."""
    row = insert_or(session, Job).values(
        company_id=company_id, kind=kind, version_id=version_id, created_at=clock.now(), failures=0
    )
    session.execute(row.on_conflict_do_nothing(index_elements=["kind", "version_id"]))


@dataclass(frozen=True, slots=True)
class _Claim:
    id: int
    company_id: int
    kind: str
    version_id: int
    failures: int
    token: str


class Jobs:
    """The jobs of all companies, which take turns."""

    def __init__(self, database: Database, handlers: Mapping[Kind, Handler]) -> None:
        self._database = database
        self._handlers = handlers
        self._served = 0
        """The company whose job was done last: the turn is that of the next one."""

    def work(self) -> bool:
        """Do one job. False when none was to be done now."""
        claim = self._claim()
        if claim is None:
            return False
        try:
            with renewing(lambda: self._renew(claim), lease_s=LEASE_S):
                self._handlers[claim.kind](claim.company_id, claim.version_id)  # type: ignore[index]
        except Exception:
            logger.exception("%s of version %s failed", claim.kind, claim.version_id)
            self._retry(claim)
        else:
            self._finish(claim)
        return True

    def has_work(self) -> bool:
        """Whether a job waits that may be tried now, or is being done."""
        with self._database.transaction() as session:
            due = or_(Job.retry_at.is_(None), Job.retry_at <= clock.now())
            return session.scalar(select(Job.id).where(due).limit(1)) is not None

    def _claim(self) -> _Claim | None:
        now, token = clock.now(), secrets.token_hex(16)
        due = or_(Job.lease_until.is_(None), Job.lease_until < now) & or_(
            Job.retry_at.is_(None), Job.retry_at <= now
        )
        with self._database.transaction() as session:
            waiting = select(func.min(Job.company_id)).where(due)
            company_id = session.scalar(waiting.where(Job.company_id > self._served))
            company_id = company_id or session.scalar(waiting)
            if company_id is None:
                return None
            job_id = session.scalar(
                select(Job.id).where(due, Job.company_id == company_id).order_by(Job.id).limit(1)
            )
        with self._database.transaction() as session:
            job = session.execute(
                update(Job)
                .where(Job.id == job_id, due)
                .values(lease_token=token, lease_until=now + timedelta(seconds=LEASE_S))
                .returning(Job.id, Job.company_id, Job.kind, Job.version_id, Job.failures)
                .execution_options(synchronize_session=False)
            ).one_or_none()
        self._served = company_id
        return None if job is None else _Claim(*job, token)

    def _renew(self, claim: _Claim) -> None:
        with self._database.transaction() as session:
            session.execute(
                update(Job)
                .where(Job.id == claim.id, Job.lease_token == claim.token)
                .values(lease_until=clock.now() + timedelta(seconds=LEASE_S))
                .execution_options(synchronize_session=False)
            )

    def _finish(self, claim: _Claim) -> None:
        with self._database.transaction() as session:
            session.execute(delete(Job).where(Job.id == claim.id, Job.lease_token == claim.token))

    def _retry(self, claim: _Claim) -> None:
        if claim.failures + 1 >= TRIES:
            logger.error("%s of version %s is given up", claim.kind, claim.version_id)
            self._finish(claim)
            return
        delay_s = RETRY_FIRST_S * RETRY_FACTOR**claim.failures
        with self._database.transaction() as session:
            session.execute(
                update(Job)
                .where(Job.id == claim.id, Job.lease_token == claim.token)
                .values(
                    lease_token=None,
                    lease_until=None,
                    failures=claim.failures + 1,
                    retry_at=clock.now() + timedelta(seconds=delay_s),
                )
                .execution_options(synchronize_session=False)
            )
