"""What each user has searched for lately, to be offered to them again and to nobody else."""

from __future__ import annotations

import logging

from sqlalchemy import delete, select
from sqlalchemy.exc import DBAPIError

from ecm import clock
from ecm.access import Actor
from ecm.database import Database, insert_or
from ecm.errors import DatabaseBusy
from ecm.models import RecentSearch

logger = logging.getLogger(__name__)

KEPT = 50
TEXT_MOST = 300


class RecentSearches:
    """The last searches of users, KEPT of each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, actor: Actor) -> list[str]:
        """The actor's own, the latest first."""
        with self._database.transaction() as session:
            latest = (RecentSearch.searched_at.desc(), RecentSearch.text)
            query = select(RecentSearch.text).where(RecentSearch.user_id == actor.user_id)
            return list(session.scalars(query.order_by(*latest).limit(KEPT)))

    def add(self, actor: Actor, text: str) -> None:
        """Remember what the actor has searched for; one that is very long or empty is not worth it. A
        search has been answered by then: when the database cannot take it now, it is not remembered."""
        text = " ".join(text.split())
        if not text or len(text) > TEXT_MOST:
            return
        try:
            self._add(actor, text)
        except (DBAPIError, DatabaseBusy):
            logger.warning("a search of user %s was not remembered", actor.user_id, exc_info=True)

    def clear(self, actor: Actor) -> None:
        """Forget the actor's. Idempotent."""
        with self._database.transaction() as session:
            session.execute(delete(RecentSearch).where(RecentSearch.user_id == actor.user_id))

    def _add(self, actor: Actor, text: str) -> None:
        now = clock.now()
        with self._database.transaction() as session:
            row = insert_or(session, RecentSearch).values(
                user_id=actor.user_id, text=text, company_id=actor.company_id, searched_at=now
            )
            session.execute(
                row.on_conflict_do_update(index_elements=["user_id", "text"], set_={"searched_at": now})
            )
            kept = (
                select(RecentSearch.text)
                .where(RecentSearch.user_id == actor.user_id)
                .order_by(RecentSearch.searched_at.desc(), RecentSearch.text)
                .limit(KEPT)
            )
            session.execute(
                delete(RecentSearch)
                .where(RecentSearch.user_id == actor.user_id, RecentSearch.text.not_in(kept))
                .execution_options(synchronize_session=False)
            )
