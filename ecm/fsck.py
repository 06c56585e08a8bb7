"""Checking that database, storage and index tell the same, and mending what can be mended.

It may run while people work. What it compares is asked for in the order that keeps work under way from
looking like damage: storage is listed first and the rows are asked then, since a blob's row is there before
it and goes after it; the index's entries are listed before the documents and the outbox; and each counter
is compared in one statement with the rows that it counts. What looks wrong is looked at again.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import Any

from sqlalchemy import func, insert, null, select, union_all

from ecm import clock, previews
from ecm.database import Database
from ecm.errors import NotFound
from ecm.indexing import Indexing
from ecm.models import Company, Document, Intent, Job, OutboxTask, Version
from ecm.recounting import count_anew, find_miscounts
from ecm.search.errors import IndexBusy, IndexDamaged
from ecm.search.interface import SearchEngine
from ecm.staging import company_prefix
from ecm.storage.errors import Corrupt, Unavailable
from ecm.storage.errors import NotFound as BlobNotFound
from ecm.storage.interface import CHUNK_BYTES, BlobInfo, Storage

BATCH = 500
SECOND_LOOK_AFTER_S = 1.0
_COMPANY = re.compile(r"c([1-9][0-9]{0,17})/")
_PREVIEW = re.compile(re.escape(previews.PREFIX) + r"([1-9][0-9]{0,17})/([1-9][0-9]{0,17})/")

Progress = Callable[[int, int], None]
"""Called with the bytes of content that were checked so far, and those of all."""

CODES = {
    "blob_missing": "A version's content is not in storage. Restore the file from a backup.",
    "blob_size": "A version's content has another size. Restore the file from a backup.",
    "blob_corrupt": "A version's content has another SHA-256. Restore the file from a backup.",
    "blob_unreadable": "A version's content cannot be read. Look after the disk, or restore the file.",
    "blob_orphan": "A blob that no row knows. Mended by deleting it.",
    "blob_foreign": "A blob under no company of this database. Left alone: it may be another's.",
    "preview_orphan": "Pictures of a version that is gone. Mended by deleting them.",
    "company_counter": "A company's counter is not the sum of what it holds. Mended by counting anew.",
    "user_counter": "A user's counter is not the sum of what they hold. Mended by counting anew.",
    "index_damaged": "A company's index cannot be trusted. Mended by making it anew.",
    "index_stale": "Search has an entry of a document that is gone or trashed. Mended by the next work.",
    "index_missing": "Search lacks a document and nobody was to add it. Mended by the next work.",
}
"""What can be found, and what becomes of it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that differs. `code` is one of CODES, `subject` the key or id that it is about, and `detail`
    a sentence for people. `repaired` tells that it was mended, or will be by the next background work.
    """

    code: str
    company_id: int | None
    subject: str
    detail: str
    repaired: bool = False

    def __str__(self) -> str:
        return self.detail + (" (mended)" if self.repaired else "")


@dataclass(frozen=True, slots=True)
class _Stored:
    """A version, as far as its content is concerned."""

    id: int
    document_id: int
    number: int
    key: str
    size_bytes: int
    sha256: str

    def __str__(self) -> str:
        return f"document {self.document_id}, version {self.number}"


class Fsck:
    """The check of an installation. Nothing of a document is ever deleted by it."""

    def __init__(
        self, database: Database, storage: Storage, engine: SearchEngine, indexing: Indexing
    ) -> None:
        self._database = database
        self._storage = storage
        self._engine = engine
        self._indexing = indexing

    def check(
        self,
        company_id: int | None = None,
        *,
        repair: bool = False,
        quick: bool = False,
        progress: Progress | None = None,
    ) -> Iterator[Finding]:
        """See `Ecm.fsck`."""
        tally = _Tally(self._count_bytes(company_id), progress)
        for found_id, blobs in self._list(company_id):
            if found_id is None:
                yield from self._report_foreign(blobs)
                continue
            # In memory: about 150 MB for a million, and as many questions to storage fewer.
            whole: set[str] = set()
            yield from self._check_blobs(found_id, blobs, whole, repair)
            yield from self._check_versions(found_id, whole, quick, tally)
            yield from self._check_previews(found_id, repair)
            yield from self._check_counters(found_id, repair)
            yield from self._check_index(found_id, repair)

    def _list(self, company_id: int | None) -> Iterator[tuple[int | None, Iterator[BlobInfo]]]:
        """Each company with its blobs; without a company those that belong to none."""
        if company_id is not None:
            if not self._exists(company_id):
                raise NotFound("company", company_id)
            yield company_id, self._storage.list(company_prefix(company_id))
            return
        done: set[int] = set()
        for found_id, blobs in groupby(self._storage.list(), _company_of):
            if found_id is None or not self._exists(found_id):
                yield None, (blob for blob in blobs if not self._is_preview(blob))
            else:
                yield found_id, blobs
                done.add(found_id)
        with self._database.transaction() as session:
            ids = session.scalars(select(Company.id).order_by(Company.id)).all()
        for id in ids:
            if id not in done:
                yield id, iter(())

    def _is_preview(self, blob: BlobInfo) -> bool:
        """Whether a blob is a picture of one of this database's companies, whose check comes to it."""
        found = _PREVIEW.match(blob.key)
        return found is not None and self._exists(int(found[1]))

    def _exists(self, company_id: int) -> bool:
        with self._database.transaction() as session:
            return session.get(Company, company_id) is not None

    def _count_bytes(self, company_id: int | None) -> int:
        query = select(func.coalesce(func.sum(Version.size_bytes), 0))
        if company_id is not None:
            query = query.where(Version.company_id == company_id)
        with self._database.transaction() as session:
            return int(session.scalars(query).one())

    # Storage -> database.

    def _check_blobs(
        self, company_id: int, blobs: Iterator[BlobInfo], whole: set[str], repair: bool
    ) -> Iterator[Finding]:
        while batch := list(islice(blobs, BATCH)):
            sizes = self._sizes_of([blob.key for blob in batch])
            for blob in batch:
                if blob.key not in sizes:
                    yield from self._check_orphan(company_id, blob, repair)
                elif sizes[blob.key] == blob.size_bytes:
                    whole.add(blob.key)

    def _sizes_of(self, keys: Sequence[str]) -> dict[str, int | None]:
        """Those of the keys that a row knows, and the sizes of versions. One statement: bytes that change
        from an upload to a version, or from a version to what is to be deleted, are never in neither."""
        versions = select(Version.storage_key, Version.size_bytes).where(Version.storage_key.in_(keys))
        intents = select(Intent.storage_key, null()).where(Intent.storage_key.in_(keys))
        with self._database.transaction() as session:
            rows: Sequence[Any] = session.execute(union_all(versions, intents)).all()
        return dict(rows)

    def _check_orphan(self, company_id: int, blob: BlobInfo, repair: bool) -> Iterator[Finding]:
        try:
            self._storage.stat(blob.key)
        except BlobNotFound:
            return  # it was on its way out: its bytes went, then its row
        if repair:
            self._storage.delete(blob.key)
        detail = f"company {company_id}: no row knows the blob {blob.key} of {blob.size_bytes} bytes"
        yield Finding("blob_orphan", company_id, blob.key, detail, repair)

    def _report_foreign(self, blobs: Iterable[BlobInfo]) -> Iterator[Finding]:
        for blob in blobs:
            detail = (
                f"the blob {blob.key} of {blob.size_bytes} bytes belongs to no company of this database; "
                "delete it by hand if nothing else uses this storage"
            )
            yield Finding("blob_foreign", None, blob.key, detail)

    # Database -> storage.

    def _check_versions(
        self, company_id: int, whole: set[str], quick: bool, tally: _Tally
    ) -> Iterator[Finding]:
        after_id = 0
        while versions := self._next_versions(company_id, after_id):
            for version in versions:
                wrong = None
                if not quick:
                    wrong = self._read_content(version)
                elif version.key not in whole:
                    wrong = self._look_at_content(version)
                if wrong is not None and self._is_there(version):
                    code, what = wrong
                    detail = f"{version}: its content {what} (blob {version.key})"
                    yield Finding(code, company_id, version.key, detail)
                tally.add(version.size_bytes)
            after_id = versions[-1].id

    def _look_at_content(self, version: _Stored) -> tuple[str, str] | None:
        """What is wrong with a version's content as far as its size tells: a code, and in words."""
        try:
            return _compare_size(version, self._storage.stat(version.key).size_bytes)
        except BlobNotFound:
            return "blob_missing", "is missing"

    def _read_content(self, version: _Stored) -> tuple[str, str] | None:
        """What is wrong with a version's content: a code, and in words."""
        digest = hashlib.sha256()
        try:
            with self._storage.open(version.key) as reader:
                if wrong := _compare_size(version, reader.size_bytes):
                    return wrong
                while chunk := reader.read(CHUNK_BYTES):
                    digest.update(chunk)
        except BlobNotFound:
            return "blob_missing", "is missing"
        except Corrupt as error:
            return "blob_unreadable", f"cannot be read: {error.what} should be {error.expected}"
        except Unavailable as error:
            self._storage.stat(version.key)  # raises when storage is away altogether
            return "blob_unreadable", f"cannot be read: {error.reason}"
        if digest.hexdigest() != version.sha256:
            return "blob_corrupt", "has changed"
        return None

    def _next_versions(self, company_id: int, after_id: int) -> list[_Stored]:
        query = (
            select(
                Version.id,
                Version.document_id,
                Version.number,
                Version.storage_key,
                Version.size_bytes,
                Version.sha256,
            )
            .where(Version.company_id == company_id, Version.id > after_id)
            .order_by(Version.id)
            .limit(BATCH)
        )
        with self._database.transaction() as session:
            return [_Stored(*row) for row in session.execute(query)]

    def _is_there(self, version: _Stored) -> bool:
        """Whether a version whose content is wrong was not just purged meanwhile."""
        with self._database.transaction() as session:
            return session.scalar(select(Version.id).where(Version.id == version.id)) is not None

    def _check_previews(self, company_id: int, repair: bool) -> Iterator[Finding]:
        """Find pictures of versions that are gone and that nobody is about to delete."""
        kept = self._storage.list(previews.company_prefix(company_id))
        for version_id, blobs in groupby(kept, _version_of):
            if version_id is None or not self._is_known(version_id):
                keys = [blob.key for blob in blobs if self._is_stored(blob.key)]
                for key in keys:
                    if repair:
                        self._storage.delete(key)
                    detail = f"company {company_id}: the picture {key} is of a version that is gone"
                    yield Finding("preview_orphan", company_id, key, detail, repair)

    def _is_known(self, version_id: int) -> bool:
        """Whether there is a version, or a job that will delete what is left of it."""
        version = select(Version.id).where(Version.id == version_id)
        job = select(Job.version_id).where(Job.version_id == version_id, Job.kind == "forget_preview")
        with self._database.transaction() as session:
            return session.execute(union_all(version, job)).first() is not None

    def _is_stored(self, key: str) -> bool:
        try:
            self._storage.stat(key)
        except BlobNotFound:
            return False
        return True

    # Counters.

    def _check_counters(self, company_id: int, repair: bool) -> Iterator[Finding]:
        with self._database.transaction() as session:
            company, users = find_miscounts(session, company_id)
        if repair and (company or users):
            with self._database.transaction() as session:
                count_anew(session, company_id)
        for code, miscounts in (("company_counter", company), ("user_counter", users)):
            for each in miscounts:
                detail = (
                    f"{code.partition('_')[0]} {each.id}: the counter says {each.held_bytes} bytes, "
                    f"the rows sum up to {each.sum_bytes}"
                )
                yield Finding(code, company_id, str(each.id), detail, repair)

    # Index.

    def _check_index(self, company_id: int, repair: bool) -> Iterator[Finding]:
        try:
            self._engine.check(str(company_id))
            findings = self._compare_index(company_id)
        except IndexDamaged as error:
            detail = f"company {company_id}: its index is damaged: {error.reason}"
            repaired = repair and self._rebuild(company_id)
            yield Finding("index_damaged", company_id, str(company_id), detail, repaired)
            return
        if repair and findings:
            rows = [
                {"company_id": company_id, "document_id": int(each.subject), "created_at": clock.now()}
                for each in findings
            ]
            with self._database.transaction() as session:
                session.execute(insert(OutboxTask), rows)
        yield from (replace(each, repaired=repair) for each in findings)

    def _compare_index(self, company_id: int) -> list[Finding]:
        stale, missing = self._differences(company_id)
        if stale or missing:
            time.sleep(SECOND_LOOK_AFTER_S)
            stale_still, missing_still = self._differences(company_id)
            stale, missing = stale & stale_still, missing & missing_still
        told = (
            ("index_stale", stale, "search has it, but it is gone or in the trash"),
            ("index_missing", missing, "search does not know it"),
        )
        return [
            Finding(code, company_id, str(id), f"document {id}: {what}")
            for code, ids, what in told
            for id in sorted(ids)
        ]

    def _differences(self, company_id: int) -> tuple[set[int], set[int]]:
        """Documents that search has but should not, and those that it lacks; but for what is pending."""
        indexed = {int(id) for id in self._engine.ids(str(company_id))}
        with self._database.transaction() as session:
            live = set(
                session.scalars(
                    select(Document.id).where(
                        Document.company_id == company_id, Document.trashed_at.is_(None)
                    )
                )
            )
            pending = set(
                session.scalars(select(OutboxTask.document_id).where(OutboxTask.company_id == company_id))
            )
        return indexed - live - pending, live - indexed - pending

    def _rebuild(self, company_id: int) -> bool:
        try:
            self._indexing.rebuilding.rebuild(company_id)
        except IndexBusy:
            return False
        return True


class _Tally:
    """How far the check has come."""

    def __init__(self, total_bytes: int, progress: Progress | None) -> None:
        self._total_bytes = total_bytes
        self._done_bytes = 0
        self._progress = progress

    def add(self, size_bytes: int) -> None:
        self._done_bytes += size_bytes
        if self._progress is not None:
            self._progress(self._done_bytes, max(self._done_bytes, self._total_bytes))


def _compare_size(version: _Stored, size_bytes: int) -> tuple[str, str] | None:
    if size_bytes == version.size_bytes:
        return None
    return "blob_size", f"has {size_bytes} bytes instead of {version.size_bytes}"


def _company_of(blob: BlobInfo) -> int | None:
    match = _COMPANY.match(blob.key)
    return int(match[1]) if match else None


def _version_of(blob: BlobInfo) -> int | None:
    match = _PREVIEW.match(blob.key)
    return int(match[2]) if match else None
