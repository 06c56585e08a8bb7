"""The one place that names concrete classes: from settings to an open library."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import Engine

from ecm.app import Ecm
from ecm.database import Database, open_engine
from ecm.drawing import DrawingPool, OfficeConverter
from ecm.errors import SettingError
from ecm.extraction.pool import ExtractionPool
from ecm.finding import Finding
from ecm.found_rows import FoundRows
from ecm.fsck import Fsck
from ecm.importing.running import ImportRunner
from ecm.indexing import Indexing
from ecm.jobs import Handler, Jobs, Kind
from ecm.likeness import Likeness
from ecm.media_types import MediaTypeDetector
from ecm.passwords import Passwords
from ecm.previews import Previews
from ecm.recent_searches import RecentSearches
from ecm.recognition import Recognition
from ecm.redrawing import Redrawing
from ecm.search.analysis import Analyzer
from ecm.search.interface import SearchEngine
from ecm.search.whoosh_engine import WhooshEngine
from ecm.settings import Leases, Settings
from ecm.staging import Staging
from ecm.storage.interface import Storage
from ecm.storage.local import LocalStorage
from ecm.suggesting import Suggesting
from ecm.tus import Uploads
from ecm.worker import Worker


@dataclass(frozen=True)
class ChildPools:
    """The guarded processes of a library: those that read, those that recognise, those that draw.

    They start when first needed. Whoever makes the pools closes them, once no library uses them any more.
    """

    reading: ExtractionPool = field(default_factory=ExtractionPool)
    recognizing: ExtractionPool = field(default_factory=ExtractionPool)
    drawing: DrawingPool = field(default_factory=DrawingPool)

    def close(self) -> None:
        """Kill all children. Twice is allowed."""
        for pool in (self.reading, self.recognizing, self.drawing):
            pool.close()


def open(
    *,
    database: str | Engine,
    storage: str,
    search: str,
    upload_lease_s: float = Leases.upload_s,
    staged_lease_s: float = Leases.staged_s,
    tus_expires_s: float = Leases.tus_s,
    analyzer: Analyzer | None = None,
    child_pools: ChildPools | None = None,
    passwords: Passwords | None = None,
) -> Ecm:
    """Open the library on a database (a URL or an application's Engine), a storage and a search.

    `storage` is ``file:PATH`` or ``s3://BUCKET/PREFIX?endpoint_url=...&region=...`` (credentials by
    boto3's own chain), `search` is ``whoosh:PATH``. Reads no environment. SettingError names a wrong value.
    An `analyzer` can be shared between libraries and, once loaded, with processes forked later;
    `child_pools` between the libraries of one process, which then leave them open.
    `passwords` says how strong the hashes of new passwords are.
    """
    engine = open_engine(database) if isinstance(database, str) else database
    leases = Leases(upload_s=upload_lease_s, staged_s=staged_lease_s, tus_s=tus_expires_s)
    store = open_storage(storage)
    analyzer = analyzer or Analyzer()
    search_engine = open_search(search, analyzer)
    pools = child_pools or ChildPools()
    db = Database(engine)
    recognition = Recognition(db, store, pools.recognizing)
    office = OfficeConverter()
    previews = Previews(db, store, pools.drawing, office)
    staging = Staging(db, store, MediaTypeDetector(), leases)
    indexing = Indexing(db, store, search_engine, pools.reading)
    rows, recent = FoundRows(db), RecentSearches(db)
    jobs: dict[Kind, Handler] = {
        "recognize": recognition.recognize,
        "preview": previews.make,
        "forget_preview": previews.forget,
    }
    return Ecm(
        database=db,
        storage=store,
        staging=staging,
        uploads=Uploads(db, store, staging, leases),
        indexing=indexing,
        finding=Finding(db, search_engine, analyzer, indexing, rows, recent),
        suggesting=Suggesting(search_engine, rows, recent, indexing),
        likeness=Likeness(db, search_engine, analyzer, rows, indexing),
        worker=Worker(indexing, Jobs(db, jobs), Redrawing(db), ImportRunner(db), staging, leases),
        previews=previews,
        checking=Fsck(db, store, search_engine, indexing),
        leases=leases,
        passwords=passwords or Passwords(),
        closers=(office, *(() if child_pools else (pools,)), search_engine),
    )


def open_settings(
    settings: Settings, *, analyzer: Analyzer | None = None, child_pools: ChildPools | None = None
) -> Ecm:
    """Open the library as the settings say. See `open`."""
    return open(
        database=settings.database_url,
        storage=settings.storage_url,
        search=settings.search_url,
        upload_lease_s=settings.leases.upload_s,
        staged_lease_s=settings.leases.staged_s,
        tus_expires_s=settings.leases.tus_s,
        analyzer=analyzer,
        child_pools=child_pools,
    )


def open_storage(url: str) -> Storage:
    """The storage behind a URL. SettingError."""
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path:
        return LocalStorage(Path(parts.path))
    if parts.scheme == "s3" and parts.netloc:
        from ecm.storage.s3 import S3Storage  # boto3 takes long to load, and a folder does not need it

        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        unknown = set(options) - {"endpoint_url", "region"}
        if unknown:
            raise SettingError("storage", url, "no other options than endpoint_url and region")
        return S3Storage(
            parts.netloc,
            parts.path.strip("/"),
            endpoint_url=options.get("endpoint_url"),
            region=options.get("region"),
        )
    raise SettingError("storage", url, "file:PATH or s3://BUCKET/PREFIX?endpoint_url=...&region=...")


def open_search(url: str, analyzer: Analyzer) -> SearchEngine:
    """The search engine behind a URL. SettingError."""
    scheme, _, path = url.partition(":")
    if scheme == "whoosh" and path:
        return WhooshEngine(Path(path), analyzer)
    if scheme == "tantivy" and path:
        from ecm.search.tantivy_engine import TantivyEngine

        return TantivyEngine(Path(path), analyzer)
    raise SettingError("search", url, "whoosh:PATH or tantivy:PATH")
