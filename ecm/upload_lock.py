"""The right to write to a resumable upload: one request at a time has it, whatever process it is in."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from sqlalchemy import or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ecm import clock
from ecm.database import Database
from ecm.errors import EcmError, NotFound, UploadLocked
from ecm.models import Intent, Upload
from ecm.settings import Leases

logger = logging.getLogger(__name__)

LOCK_S = 6.0
"""How long a process that died still keeps others out; a client that fell silent, half as long again."""


class UploadLock:
    """The lock of one upload, held inside of ``with``. Entering raises UploadLocked, or NotFound.

    A thread beside renews it, with the expiry of the upload and of its intent, for as long as the process
    lives: but not while it has been waiting for the client's next bytes for too long. A lock that ended
    may be taken by another; who lost it is told by `check` and `keep`.
    """

    def __init__(self, database: Database, leases: Leases, row: Upload) -> None:
        self._database = database
        self._leases = leases
        self._id = row.id
        self._key = row.storage_key
        self._token = secrets.token_hex(16)
        self._lost: EcmError | None = None
        self._waiting_since: float | None = None
        self._renewed_at = 0.0
        self._stopped = threading.Event()
        self._renewing = threading.Thread(target=self._renew, name="upload-lock", daemon=True)

    def __enter__(self) -> Self:
        now = clock.now()
        is_free = or_(Upload.locked_until.is_(None), Upload.locked_until < now)
        self._write(is_free, Upload.document_id.is_(None), lock_token=self._token)
        self._renewing.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._renewing.join()
        with self._database.transaction() as session:
            session.execute(
                update(Upload)
                .where(Upload.id == self._id, Upload.lock_token == self._token)
                .values(lock_token=None, locked_until=None)
                .execution_options(synchronize_session=False)
            )

    def check(self) -> None:
        """Make sure of the lock, where it may have ended meanwhile. Raises as `keep` does."""
        if self._lost is not None:
            raise self._lost
        if time.monotonic() - self._renewed_at > LOCK_S / 2:
            self.keep()

    def keep(self, **values: Any) -> None:
        """Write to the upload's row, renewing lock and expiry with it. UploadLocked when the lock was lost;
        NotFound when the upload was terminated or swept."""
        self._write(Upload.lock_token == self._token, **values)

    @contextmanager
    def waiting_for_client(self) -> Iterator[None]:
        """Around each wait for bytes of the client's: one that takes too long gives the lock up."""
        self._waiting_since = time.monotonic()
        try:
            yield
        finally:
            self._waiting_since = None

    def _renew(self) -> None:
        while not self._stopped.wait(LOCK_S / 3):
            since = self._waiting_since
            if since is not None and time.monotonic() - since > LOCK_S / 2:
                continue
            try:
                self.keep()
            except (UploadLocked, NotFound) as error:
                self._lost = error
                return
            except (EcmError, SQLAlchemyError):
                logger.warning("the lock of upload %s could not be renewed", self._id, exc_info=True)

    def _write(self, *conditions: Any, **values: Any) -> None:
        now, began_at = clock.now(), time.monotonic()
        with self._database.transaction() as session:
            if not hold_intent(session, self._key, self._leases):
                query = select(Upload.document_id).where(Upload.id == self._id)
                if session.scalar(query) is None:
                    raise NotFound("upload", self._id)
                raise UploadLocked  # whoever took the lock over has made the document
            written = session.execute(
                update(Upload)
                .where(Upload.id == self._id, Upload.expires_at > now, *conditions)
                .values(
                    locked_until=now + timedelta(seconds=LOCK_S),
                    expires_at=now + timedelta(seconds=self._leases.tus_s),
                    **values,
                )
                .execution_options(synchronize_session=False)
            )
            if written.rowcount != 1:  # type: ignore[attr-defined]
                raise UploadLocked
        self._renewed_at = began_at


def hold_intent(session: Session, key: str, leases: Leases) -> bool:
    """Hold an upload's bytes for as long as it may stand still. False when they are not held any more."""
    until = clock.now() + timedelta(seconds=leases.tus_s)
    written = session.execute(
        update(Intent)
        .where(Intent.storage_key == key, Intent.state == "open")
        .values(receiving_until=until, attach_until=until)
        .execution_options(synchronize_session=False)
    )
    return bool(written.rowcount == 1)  # type: ignore[attr-defined]
