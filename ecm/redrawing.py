"""Pictures that LibreOffice was missing for are made once it is there, without anybody's asking."""

from __future__ import annotations

from sqlalchemy import select, update

from ecm.database import Database
from ecm.drawing import office
from ecm.jobs import add_job
from ecm.models import Version

OFFICE_MISSING = "office_missing"
AT_ONCE = 500
"""How many versions are queued in one transaction: others wait meanwhile to write."""


class Redrawing:
    """Looks after a start, and whenever LibreOffice has come, for what waits for it. One for each worker."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._has_looked = False

    def work(self) -> bool:
        """Queue some of the versions that have no pictures for want of LibreOffice, if it is there now.
        False when there are none left."""
        if office.find_office() is None:
            self._has_looked = False  # it may come while we run
            return False
        if self._has_looked:
            return False
        queued = self._queue()
        self._has_looked = queued < AT_ONCE
        return queued > 0

    def _queue(self) -> int:
        waiting = select(Version.id).where(Version.preview_reason == OFFICE_MISSING).limit(AT_ONCE)
        with self._database.transaction() as session:
            # The reason is asked for once more: another worker may have been faster.
            versions = session.execute(
                update(Version)
                .where(Version.id.in_(session.scalars(waiting).all()))
                .where(Version.preview_reason == OFFICE_MISSING)
                .values(preview_state="pending", preview_reason=None)
                .returning(Version.company_id, Version.id)
                .execution_options(synchronize_session=False)
            ).all()
            for company_id, version_id in versions:
                add_job(session, "preview", company_id, version_id)
        return len(versions)
