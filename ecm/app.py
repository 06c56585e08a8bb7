"""The library's front: everything an application or the service does goes through `Ecm`."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from sqlalchemy.orm import Session

from ecm import clock
from ecm.access import Actor
from ecm.accounts import log_in
from ecm.audit import record_download
from ecm.database import Database
from ecm.errors import EcmError, NotFound
from ecm.finding import Filters, Finding, SearchPage
from ecm.fsck import Finding as FsckFinding
from ecm.fsck import Fsck, Progress
from ecm.ids import parse_id
from ecm.indexing import Indexing
from ecm.likeness import Likeness, Similar
from ecm.migrating import migrate
from ecm.models import Document, User, Version
from ecm.passwords import Passwords
from ecm.previews import Preview, Previews
from ecm.search.interface import Facet, Sort
from ecm.settings import Leases
from ecm.staging import StagedFile, Staging
from ecm.storage.interface import BlobReader, Source, Storage
from ecm.suggesting import Suggesting, Suggestions
from ecm.tus import Uploads
from ecm.unit_of_work import UnitOfWork
from ecm.worker import Worker

logger = logging.getLogger(__name__)

DOWNLOADS_REMEMBERED = 10_000


class Ecm:
    """An open library: one database, one storage, one search. Safe to use from many threads.

    Made by `ecm.open`. Close it when done, best by ``with``.
    """

    def __init__(
        self,
        *,
        database: Database,
        storage: Storage,
        staging: Staging,
        uploads: Uploads,
        indexing: Indexing,
        finding: Finding,
        suggesting: Suggesting,
        likeness: Likeness,
        worker: Worker,
        previews: Previews,
        checking: Fsck,
        leases: Leases,
        passwords: Passwords,
        closers: Sequence[object] = (),
    ) -> None:
        self.database = database
        self.storage = storage
        self.staging = staging
        self.uploads = uploads
        self.indexing = indexing
        self.finding = finding
        self.suggesting = suggesting
        self.likeness = likeness
        self.worker = worker
        self.previews = previews
        self._checking = checking
        self.leases = leases
        self.passwords = passwords
        self._closers = closers
        self._downloads: set[tuple[int, int, str]] = set()

    def migrate(self) -> None:
        """Create the tables, or bring them up to this release. Idempotent."""
        migrate(self.database.engine)

    @contextmanager
    def begin(self, actor: Actor | None = None, *, session: Session | None = None) -> Iterator[UnitOfWork]:
        """A unit of work for `actor`, or for the library itself.

        It commits at the end of the block and rolls back on an error. On an application's own
        `session` it flushes instead, and the application commits; SessionRefused when the session is on
        another database, or on an SQLite engine that was not prepared.
        """
        if session is not None:
            self.database.refuse_foreign_session(session)
            yield UnitOfWork(session, actor, self.passwords)
            session.flush()
            return
        with self.database.transaction() as own_session:
            tx = UnitOfWork(own_session, actor, self.passwords)
            yield tx
        if tx.dead_keys:
            self._bury(tx.dead_keys)

    def actor(self, user: User | int | str) -> Actor:
        """The actor that a user is, by the user or its id. NotFound."""
        if isinstance(user, User):
            return Actor.of(user)
        with self.database.transaction() as session:
            found = session.get(User, parse_id("user", user))
            if found is None or found.disabled_at is not None:
                raise NotFound("user", user)
            return Actor.of(found)

    def log_in(self, email: str, password: str, *, address: str) -> Actor:
        """The actor with this e-mail and password, asked for from a network address. BadCredentials, and
        TooManyAttempts after ten failures in a row."""
        refused: EcmError | None = None
        with self.database.transaction() as session:
            try:
                user = log_in(session, email, password, address=address, passwords=self.passwords)
                return Actor.of(user)
            except EcmError as error:
                refused = error  # raised after the commit that counts the failure
        raise refused

    def stage(
        self,
        actor: Actor,
        source: Source,
        *,
        filename: str,
        size_bytes: int | None = None,
        sha256: str | None = None,
    ) -> StagedFile:
        """Store what `source` gives, durably and counted, to be attached later. See `Staging.stage`.

        On SQLite call it before a transaction of the same thread has written anything.
        """
        return self.staging.stage(actor, source, filename=filename, size_bytes=size_bytes, sha256=sha256)

    def discard(self, staged: StagedFile) -> None:
        """Give a staged file up at once. Idempotent; one that was attached is left alone."""
        self.staging.discard(staged)

    def read(
        self,
        actor: Actor,
        document_id: int | str,
        *,
        version: int | str | None = None,
        start: int = 0,
        length_bytes: int | None = None,
    ) -> BlobReader:
        """Open the content of a document (in the trash, too), by default of its current version. The caller
        closes it. NotFound; Unavailable."""
        with self.begin(actor) as tx:
            found = tx.documents.versions.get(tx.documents.get(document_id), version)
        return self.read_version(actor, found, start=start, length_bytes=length_bytes)

    def read_version(
        self, actor: Actor | None, version: Version, *, start: int = 0, length_bytes: int | None = None
    ) -> BlobReader:
        """Open the content of a version that the actor was shown. The trail gets one event a minute.
        Without an actor it is whoever operates the machine."""
        reader = self.storage.open(version.storage_key, start=start, length_bytes=length_bytes)
        mark = (actor.user_id if actor else 0, version.id, f"{clock.now():%Y%m%d%H%M}")
        if mark not in self._downloads:
            try:
                with self.database.transaction() as session:
                    record_download(session, actor, version)
            except BaseException:
                reader.close()
                raise
            if len(self._downloads) >= DOWNLOADS_REMEMBERED:
                self._downloads.clear()
            self._downloads.add(mark)
        return reader

    def preview(
        self,
        actor: Actor,
        document: Document | int | str,
        *,
        page: int = 1,
        width: int = 800,
        version: int | str | None = None,
    ) -> Preview:
        """The picture of a document's page, as `Previews.read` gives it; also of one in the trash. NotFound.
        Looking at a page is no download: the trail gets no event."""
        id = document.id if isinstance(document, Document) else document
        with self.begin(actor) as tx:
            found = tx.documents.versions.get(tx.documents.get(id), version)
        return self.previews.read(found, page=page, width=width)

    def search(
        self,
        actor: Actor,
        q: str = "",
        *,
        deal: int | str | None = None,
        client: int | str | None = None,
        kind: str | None = None,
        tag: str | None = None,
        from_: str | None = None,
        to: str | None = None,
        format: str | None = None,
        year: int | str | None = None,
        by: int | str | None = None,
        sort: Sort = "relevance",
        page: int = 1,
        per_page: int = 20,
        facets: Collection[Facet] = (),
        remember: bool = False,
    ) -> SearchPage:
        """Find documents of the actor's company. `client` is a contact's or organization's id, or words of
        its name; `by` is a user's id, name or e-mail; `facets` are counted over all hits. With `remember` a
        first page with hits makes the query one of the actor's recent searches. BadQuery tells the place;
        Invalid names a wrong filter."""
        return self.finding.search(
            actor,
            q,
            Filters(deal, kind, tag, from_, to, format, year, by, client),
            sort=sort,
            page=page,
            per_page=per_page,
            facets=facets,
            remember=remember,
        )

    def suggest(self, actor: Actor, q: str) -> Suggestions:
        """What to offer while `q` is being typed: documents by title (the last word may be a beginning), and
        the actor's own recent searches. Invalid when it is longer than a query may be."""
        return self.suggesting.suggest(actor, q)

    def forget_searches(self, actor: Actor) -> None:
        """Forget the actor's recent searches. Idempotent."""
        self.suggesting.recent.clear(actor)

    def similar(self, actor: Actor, document: Document | int | str, *, limit: int = 10) -> list[Similar]:
        """The documents that are most like one, by the words that tell most about it; those that have too
        little in common are left out. NotFound."""
        wanted = document.id if isinstance(document, Document) else document
        return self.likeness.similar(actor, wanted, limit=limit)

    def refresh(self, actor: Actor, *, timeout_s: float = 30.0) -> bool:
        """Wait until search knows all that the actor's company has changed so far, while a worker works:
        then what was written is found. False when `timeout_s` went by before."""
        return self.indexing.wait(actor.company_id, timeout_s)

    def sweep(self) -> int:
        """Free what died, in all companies. Returns the bytes that were given back."""
        return self.staging.sweep()

    def work_off(self) -> None:
        """Run all pending background work to its end."""
        self.worker.work_off()

    def fsck(
        self,
        company_id: int | None = None,
        *,
        repair: bool = False,
        quick: bool = False,
        progress: Progress | None = None,
    ) -> Iterator[FsckFinding]:
        """Compare database, storage and index, of one company or of all, and yield what differs as it is
        found: only iterating does the work. It may run while people work.

        `repair` mends what can be mended (see `ecm.fsck.CODES`); content that is lost or has changed is told
        of, and its document left as it is. `quick` reads no contents, `progress` is told how many bytes were
        checked. NotFound; Unavailable when storage is away.
        """
        return self._checking.check(company_id, repair=repair, quick=quick, progress=progress)

    def close(self) -> None:
        """Free connections, open indexes and subprocesses."""
        for closer in self._closers:
            closer.close()  # type: ignore[attr-defined]
        self.database.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _bury(self, keys: list[str]) -> None:
        try:
            self.staging.bury(keys)
        except EcmError:  # the commit stands; the sweep comes again
            logger.warning("dead bytes were not deleted at once", exc_info=True)
