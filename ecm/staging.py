"""Bytes in: counted before they move, durable before a row speaks of them, swept when nobody comes."""

from __future__ import annotations

import io
import logging
import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from ecm import clock
from ecm.access import Actor
from ecm.database import Database
from ecm.errors import StagedFileExpired
from ecm.ledger import SqlUsageLedger, release_intent
from ecm.media_types import MediaTypeDetector
from ecm.models import Base, Intent, Upload
from ecm.settings import Leases
from ecm.storage.errors import NotFound as BlobNotFound
from ecm.storage.errors import StorageError
from ecm.storage.interface import Source, Storage
from ecm.storage.quota import QuotaStorage
from ecm.texts import clean_filename, clean_title

logger = logging.getLogger(__name__)

SWEEP_BATCH = 500
HEAD_BYTES = 1024 * 1024
FAILURES_IN_A_ROW = 3
COLLECT_EVERY_S = 3600

_INTENTS = Base.metadata.tables[Intent.__tablename__]
_CLOSE_INTENT = (
    delete(_INTENTS)
    .where(
        _INTENTS.c.storage_key == bindparam("key"),
        _INTENTS.c.company_id == bindparam("of_company"),
        _INTENTS.c.state == "open",
        _INTENTS.c.size_bytes == bindparam("of_bytes"),
        _INTENTS.c.attach_until > bindparam("at"),
    )
    .returning(_INTENTS.c.id)
)


@dataclass(frozen=True, slots=True)
class StagedFile:
    """Bytes that are safely stored and counted, but not attached to anything yet. `title` is the name as it
    came, which a document is called by unless told; `filename` is fit to be one.

    Attach it by `documents.add` or `documents.add_version` before `expires_at`; after that, or when it was
    attached already, StagedFileExpired.
    """

    key: str
    company_id: int
    user_id: int
    title: str
    filename: str
    media_type: str
    size_bytes: int
    sha256: str
    expires_at: datetime


class Staging:
    """The way in for bytes, and the sweep behind it."""

    def __init__(
        self, database: Database, storage: Storage, detector: MediaTypeDetector, leases: Leases
    ) -> None:
        self._database = database
        self._storage = storage
        self._detector = detector
        self._leases = leases
        self._collect_at = 0.0

    def stage(
        self,
        actor: Actor,
        source: Source,
        *,
        filename: str,
        size_bytes: int | None = None,
        sha256: str | None = None,
    ) -> StagedFile:
        """Store all that `source` gives, counted against the actor. No transaction is open meanwhile.

        `size_bytes` and `sha256` are promises: a size that does not fit is refused before a byte is
        read, and a content that is not as promised is Corrupt. The size of a real file is found
        out by itself. QuotaExceeded, Corrupt, Unavailable: nothing is kept.
        """
        key = new_key(actor.company_id)
        head = _Head(source)
        declared = size_bytes if size_bytes is not None else _size_of(source)
        info = self.quota_storage(actor).put(key, head, size_bytes=declared, sha256=sha256)
        assert info.sha256 is not None
        return self.staged(
            actor, key, head.bytes, filename=filename, size_bytes=info.size_bytes, sha256=info.sha256
        )

    def staged(
        self, actor: Actor, key: str, head: bytes, *, filename: str, size_bytes: int, sha256: str
    ) -> StagedFile:
        """The staged file of bytes that stand under `key` and begin with `head`."""
        name = clean_filename(filename)
        return StagedFile(
            key=key,
            company_id=actor.company_id,
            user_id=actor.user_id,
            title=clean_title(filename),
            filename=name,
            media_type=self._detector.of_bytes(head, name),
            size_bytes=size_bytes,
            sha256=sha256,
            expires_at=clock.now() + timedelta(seconds=self._leases.staged_s),
        )

    def quota_storage(self, actor: Actor) -> QuotaStorage:
        """Storage in which all that is put is counted against the actor first."""
        ledger = SqlUsageLedger(
            self._database,
            actor,
            self._leases,
            receiving_s=self._leases.upload_s,
            reclaim=lambda company_id: self.sweep(company_id) > 0,
        )
        return QuotaStorage(self._storage, ledger)

    def discard(self, staged: StagedFile) -> None:
        """Give a staged file up at once instead of leaving it to the sweep. Idempotent."""
        self.give_up(staged.key)

    def give_up(self, key: str) -> bool:
        """Delete the bytes under `key`, staged or still coming in, and give back what they hold. False
        when they are not held any more: attached, or given up before."""
        with self._database.transaction() as session:
            if not _claim_dead(session, key):
                return False
        self.bury([key])
        return True

    def sweep(self, company_id: int | None = None) -> int:
        """Free what died: uploads that stopped, staged files that nobody attached, purged bytes whose
        deletion failed before. Returns how many bytes were given back. Errors of storage leave a row
        for the next sweep; after some in a row the rest is left as well.

        Once an hour the sweep of all companies also removes what writers left that died before anybody
        came to know of their bytes.
        """
        freed_bytes = 0
        patience = _Patience()
        after_id = 0
        while (rows := self._find_ended(company_id, after_id)) and not patience.is_over:
            after_id = rows[-1].id
            doomed = [row.storage_key for row in rows if row.state == "dead" or self._is_lost(row, patience)]
            freed_bytes += self._bury(doomed, patience)
        self._forget_ended_uploads()
        if company_id is None and time.monotonic() >= self._collect_at and not patience.is_over:
            self._collect_leftovers()
        return freed_bytes

    def bury(self, keys: Sequence[str]) -> int:
        """Delete the bytes of dead intents, then give back what they held. Returns how many bytes.

        A key without a dead intent is left alone: the SAVEPOINT that was to forget its bytes has been
        rolled back, or another was faster.
        """
        return self._bury(keys, _Patience())

    def _find_ended(self, company_id: int | None, after_id: int) -> list[Intent]:
        """The next intents that are dead, or whose leases have ended."""
        now = clock.now()
        query = (
            select(Intent)
            .where(
                Intent.id > after_id,
                or_(Intent.state == "dead", Intent.receiving_until < now, Intent.attach_until < now),
            )
            .order_by(Intent.id)
            .limit(SWEEP_BATCH)
        )
        if company_id is not None:
            query = query.where(Intent.company_id == company_id)
        with self._database.transaction() as session:
            return list(session.scalars(query))

    def _is_lost(self, intent: Intent, patience: _Patience) -> bool:
        """Whether nobody can come for an open intent any more; if so, it is dead now."""
        if patience.is_over:
            return False
        key, now = intent.storage_key, clock.now()
        try:
            is_whole = self._storage.stat(key).size_bytes == intent.size_bytes
        except BlobNotFound:
            is_whole = False
        except StorageError:
            patience.fail()
            return False
        patience.succeed()
        with self._database.transaction() as session:
            if is_whole and intent.attach_until >= now:
                # Staged, and told so by its bytes alone. Nobody renews it; look again when it ends.
                session.execute(
                    update(Intent)
                    .where(Intent.storage_key == key, Intent.state == "open", Intent.receiving_until < now)
                    .values(receiving_until=Intent.attach_until)
                    .execution_options(synchronize_session=False)
                )
                return False
            ended = Intent.attach_until < now if is_whole else Intent.receiving_until < now
            return _claim_dead(session, key, ended)

    def _bury(self, keys: Sequence[str], patience: _Patience) -> int:
        freed_bytes = 0
        for key, upload_state in self._find_dead(keys):
            if patience.is_over:
                break
            try:
                if upload_state is not None:
                    self._storage.abort(key, upload_state)
                self._storage.delete(key)
            except StorageError:
                patience.fail()
                continue
            patience.succeed()
            with self._database.transaction() as session:
                freed_bytes += release_intent(session, key) or 0
                session.execute(delete(Upload).where(Upload.storage_key == key, Upload.document_id.is_(None)))
        return freed_bytes

    def _find_dead(self, keys: Sequence[str]) -> list[tuple[str, str | None]]:
        """Those of the keys whose bytes are to be deleted, and what storage knows their upload by."""
        found: list[tuple[str, str | None]] = []
        with self._database.transaction() as session:
            for start in range(0, len(keys), SWEEP_BATCH):
                rows = session.execute(
                    select(Intent.storage_key, Upload.storage_state)
                    .join(Upload, Upload.storage_key == Intent.storage_key, isouter=True)
                    .where(Intent.storage_key.in_(keys[start : start + SWEEP_BATCH]), Intent.state == "dead")
                )
                found += [(key, state) for key, state in rows]
        return found

    def _collect_leftovers(self) -> None:
        self._collect_at = time.monotonic() + COLLECT_EVERY_S
        # Longer than any upload may stand still, and clocks may differ.
        older_than_s = max(self._leases.upload_s, self._leases.tus_s) + COLLECT_EVERY_S
        try:
            if leftovers := self._storage.collect(older_than_s=older_than_s):
                logger.info("%s leftovers of dead writers removed from storage", leftovers)
        except StorageError:
            logger.warning("storage failed; leftovers are removed another time", exc_info=True)

    def _forget_ended_uploads(self) -> None:
        """Forget uploads whose time is over and whose bytes nobody holds: they became documents, and nobody
        asks for their offset any more. (Those that are held yet go with their bytes.)"""
        held = select(Intent.id).where(Intent.storage_key == Upload.storage_key).exists()
        ended = select(Upload.id).where(Upload.expires_at < clock.now(), ~held).limit(SWEEP_BATCH)
        with self._database.transaction() as session:
            if ids := session.scalars(ended).all():
                session.execute(delete(Upload).where(Upload.id.in_(ids)))


def close_intent(session: Session, staged: StagedFile, company_id: int) -> None:
    """Take the staged bytes over for a document, in the caller's transaction. The conditional write is
    what makes sure that the sweep hasn't: StagedFileExpired when it has, or the lease has ended."""
    taken = {
        "key": staged.key,
        "of_company": company_id,
        "of_bytes": staged.size_bytes,
        "at": clock.now(),
    }
    closed = session.execute(_CLOSE_INTENT, taken).one_or_none()
    if closed is None:
        raise StagedFileExpired(staged.filename)


def open_dead_intent(session: Session, *, company_id: int, user_id: int, key: str, size_bytes: int) -> None:
    """Leave bytes to be deleted once the transaction that forgets them has committed."""
    now = clock.now()
    session.add(
        Intent(
            company_id=company_id,
            user_id=user_id,
            storage_key=key,
            size_bytes=size_bytes,
            state="dead",
            receiving_until=now,
            attach_until=now,
        )
    )


def new_key(company_id: int) -> str:
    """A key that nothing else has. Its second segment spreads a company's files over folders."""
    name = secrets.token_hex(16)
    return f"{company_prefix(company_id)}{name[:2]}/{name}"


def company_prefix(company_id: int) -> str:
    """What all keys of a company begin with."""
    return f"c{company_id}/"


def _claim_dead(session: Session, key: str, *conditions: Any) -> bool:
    """Mark an open intent as dead. False when someone else was faster, or is attaching it just now."""
    id = session.scalar(
        select(Intent.id)
        .where(Intent.storage_key == key, Intent.state == "open", *conditions)
        .with_for_update(skip_locked=True)
    )
    if id is None:
        return False
    claimed = session.execute(
        update(Intent)
        .where(Intent.id == id, Intent.state == "open", *conditions)
        .values(state="dead")
        .returning(Intent.id)
        .execution_options(synchronize_session=False)
    )
    return claimed.one_or_none() is not None


def _size_of(source: Source) -> int | None:
    """How much a seekable source has left; None where only reading tells."""
    try:
        here = source.tell()  # type: ignore[attr-defined]
        end = source.seek(0, os.SEEK_END)  # type: ignore[attr-defined]
        source.seek(here)  # type: ignore[attr-defined]
    except (AttributeError, OSError, io.UnsupportedOperation):
        return None
    return int(end - here)


class _Patience:
    """Ends after some failures in a row: storage that is away takes its time to say so, each time."""

    def __init__(self) -> None:
        self._failures = 0

    @property
    def is_over(self) -> bool:
        return self._failures >= FAILURES_IN_A_ROW

    def fail(self) -> None:
        """To be called while the error is handled."""
        self._failures += 1
        logger.warning("storage failed; the sweep will come again", exc_info=True)

    def succeed(self) -> None:
        self._failures = 0


class _Head:
    """A source that remembers how its bytes began: enough to tell their type by."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.bytes = b""

    def read(self, size: int, /) -> bytes:
        chunk = self._source.read(size)
        missing = HEAD_BYTES - len(self.bytes)
        if missing > 0:
            self.bytes += chunk[:missing]
        return chunk
