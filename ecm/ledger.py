"""The usage ledger over SQL: where bytes are counted before they move.

Each step is a short transaction of its own. Rows are locked in one order everywhere: the intent, the
company's usage, then the user's. (A new intent is inserted last: nobody else can know its row.)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, bindparam, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from ecm import clock
from ecm.access import Actor
from ecm.database import Database
from ecm.errors import NotFound, StagedFileExpired
from ecm.models import Base, CompanyUsage, Intent, UserUsage
from ecm.settings import Leases
from ecm.storage.errors import QuotaExceeded
from ecm.tariffs import read_quota

# Each upload runs these: made once, they cost a third of what they would when written out in place.
_COMPANY_USAGE, _USER_USAGE, _INTENTS = (
    Base.metadata.tables[model.__tablename__] for model in (CompanyUsage, UserUsage, Intent)
)
_COMPANIES, _USERS = _COMPANY_USAGE.c, _USER_USAGE.c
_BY_BYTES, _MOST_BYTES = bindparam("by_bytes", type_=BigInteger), bindparam("most_bytes", type_=BigInteger)
_ADD_TO_COMPANY = (
    update(_COMPANY_USAGE)
    .where(
        _COMPANIES.company_id == bindparam("of_company"),
        or_(
            _BY_BYTES <= 0,
            _COMPANIES.scope != "company",
            _COMPANIES.held_bytes + _BY_BYTES <= _COMPANIES.limit_bytes,
        ),
    )
    .values(held_bytes=_COMPANIES.held_bytes + _BY_BYTES)
    .returning(_COMPANIES.scope, _COMPANIES.limit_bytes)
)
_ADD_TO_USER = (
    update(_USER_USAGE)
    .where(
        _USERS.user_id == bindparam("of_user"),
        or_(_MOST_BYTES.is_(None), _USERS.held_bytes + _BY_BYTES <= _MOST_BYTES),
    )
    .values(held_bytes=_USERS.held_bytes + _BY_BYTES)
    .returning(_USERS.user_id)
)
_OPEN_INTENT = insert(_INTENTS)


class SqlUsageLedger:
    """One uploader's side of the counters: an `ecm.storage.quota.UsageLedger`.

    `receiving_s` is the lease while bytes come in. `reclaim` frees what died in the company and tells
    whether it freed anything; a reserve that would be refused asks it first.
    """

    def __init__(
        self,
        database: Database,
        actor: Actor,
        leases: Leases,
        *,
        receiving_s: float,
        reclaim: Callable[[int], bool],
    ) -> None:
        self._database = database
        self._actor = actor
        self._leases = leases
        self.renew_every_s = min(receiving_s, leases.staged_s) / 4
        """How often a live upload should say that it lives."""
        self._receiving_s = receiving_s
        self._reclaim = reclaim
        self._renewed_at: dict[str, float] = {}
        self._held: dict[str, int] = {}

    def reserve(self, key: str, size_bytes: int) -> None:
        """Hold `size_bytes` under `key`. QuotaExceeded with the figures."""
        self._twice(lambda: self._reserve(key, size_bytes), size_bytes)
        self._held[key] = size_bytes
        self._renewed_at[key] = time.monotonic()

    def grow(self, key: str, by_bytes: int) -> None:
        """Hold more under `key`, judged anew. QuotaExceeded; StagedFileExpired when it was swept."""
        self._twice(lambda: self._grow(key, by_bytes), by_bytes)
        if key in self._held:
            self._held[key] += by_bytes
        self._renewed_at[key] = time.monotonic()

    def renew(self, key: str) -> None:
        """Keep the hold of a live upload. StagedFileExpired when it was swept already."""
        with self._database.transaction() as session:
            self._update_intent(session, key)
        self._renewed_at[key] = time.monotonic()

    def settle(self, key: str, size_bytes: int) -> None:
        """Trim the hold to the exact size of the bytes that are now safely stored, whichever process
        reserved it. StagedFileExpired when it was swept.

        Where the exact size was held from the start there is nothing to write: that the bytes stand
        under their key says that they are whole. That shortcut is taken only while nobody can have
        swept the intent.
        """
        held_bytes = self._held.pop(key, None)
        is_fresh = time.monotonic() - self._renewed_at.pop(key, 0.0) < self.renew_every_s
        if held_bytes == size_bytes and is_fresh:
            return
        with self._database.transaction() as session:
            held_bytes = session.scalar(
                select(Intent.size_bytes).where(Intent.storage_key == key).with_for_update()
            )
            if held_bytes is None:
                raise StagedFileExpired(key)
            self._update_intent(session, key, size_bytes=size_bytes)
            if held_bytes != size_bytes:
                self._add(session, size_bytes - held_bytes)

    def release(self, key: str) -> None:
        """Give back what is held under `key`. The bytes are gone. Idempotent."""
        self._held.pop(key, None)
        self._renewed_at.pop(key, None)
        with self._database.transaction() as session:
            release_intent(session, key)

    def _twice(self, attempt: Callable[[], None], size_bytes: int) -> None:
        try:
            attempt()
        except _Refused:
            if self._reclaim(self._actor.company_id):
                try:
                    return attempt()
                except _Refused:
                    pass  # the figures are told below
            raise self._refusal(size_bytes) from None

    def _reserve(self, key: str, size_bytes: int) -> None:
        with self._database.transaction() as session:
            self._add(session, size_bytes)
            session.execute(
                _OPEN_INTENT,
                {
                    "company_id": self._actor.company_id,
                    "user_id": self._actor.user_id,
                    "storage_key": key,
                    "size_bytes": size_bytes,
                    "state": "open",
                    **self._ends(),
                },
            )

    def _grow(self, key: str, by_bytes: int) -> None:
        with self._database.transaction() as session:
            self._update_intent(session, key, size_bytes=Intent.size_bytes + by_bytes)
            self._add(session, by_bytes)

    def _update_intent(self, session: Session, key: str, **values: object) -> None:
        changed = session.execute(
            update(Intent)
            .where(Intent.storage_key == key, Intent.state == "open")
            .values(**self._ends(), **values)
            .execution_options(synchronize_session=False)
        )
        if changed.rowcount != 1:  # type: ignore[attr-defined]
            raise StagedFileExpired(key)

    def _ends(self) -> dict[str, datetime]:
        now = clock.now()
        return {
            "receiving_until": now + timedelta(seconds=self._receiving_s),
            "attach_until": now + timedelta(seconds=self._leases.staged_s),
        }

    def _add(self, session: Session, size_bytes: int) -> None:
        """Add to both counters by conditional updates."""
        of_company = {"of_company": self._actor.company_id, "by_bytes": size_bytes}
        company = session.execute(_ADD_TO_COMPANY, of_company).one_or_none()
        if company is None:
            raise _Refused
        scope, limit_bytes = company
        most_bytes = limit_bytes if scope == "user" and size_bytes > 0 else None
        of_user = {"of_user": self._actor.user_id, "by_bytes": size_bytes, "most_bytes": most_bytes}
        if session.execute(_ADD_TO_USER, of_user).one_or_none() is None:
            raise _Refused

    def _refusal(self, size_bytes: int) -> QuotaExceeded | NotFound:
        with self._database.transaction() as session:
            quota = read_quota(session, self._actor)
        if quota.limit_bytes is None:
            return NotFound("user", self._actor.user_id)
        return QuotaExceeded(
            scope=quota.scope,
            limit_bytes=quota.limit_bytes,
            used_bytes=quota.counted.used_bytes,
            reserved_bytes=quota.counted.reserved_bytes,
            requested_bytes=size_bytes,
            trash_bytes=quota.trash_bytes,
            purgeable_bytes=quota.purgeable_bytes,
        )


class _Refused(Exception):
    """A conditional update changed no row; its transaction rolls back."""


def release_intent(session: Session, key: str) -> int | None:
    """Forget an intent whose bytes are gone, and give back what it held: how many bytes, or None when
    there is no intent."""
    row = session.execute(
        delete(Intent)
        .where(Intent.storage_key == key)
        .returning(Intent.company_id, Intent.user_id, Intent.size_bytes)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        return None
    company_id, user_id, size_bytes = row
    for table, column, id in (
        (CompanyUsage, CompanyUsage.company_id, company_id),
        (UserUsage, UserUsage.user_id, user_id),
    ):
        session.execute(
            update(table)
            .where(column == id)
            .values(held_bytes=table.held_bytes - size_bytes)
            .execution_options(synchronize_session=False)
        )
    return int(size_bytes)
