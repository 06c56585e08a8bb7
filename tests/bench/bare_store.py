"""A store of small documents as one would write it by hand: the statements that the library runs for a
document, in the same two transactions, through SQLAlchemy Core; the file as durable; and nothing else.

`tests/bench/test_bare_store.py` sees to it that the statements stay the library's.
"""

from __future__ import annotations

import io
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import magic
from sqlalchemy import Connection, Engine, create_engine, delete, event, insert, literal, or_, update

from ecm.models import Base
from tests.bench.durable import sync_folder, write_durably

TABLES = Base.metadata.tables
COMPANY_USAGE, USER_USAGE = TABLES["ecm_company_usage"], TABLES["ecm_user_usage"]
INTENTS = TABLES["ecm_intents"]
FOLDERS = 256


def open_engine(url: str) -> Engine:
    """SQLite as SQLAlchemy's own pages say that it is to be opened, and as durable as the library has it."""
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, record: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


class BareStore:
    """Stores documents of one user on one card, in tables that are there already."""

    def __init__(self, engine: Engine, folder: Path, *, company_id: int, user_id: int, card_id: int) -> None:
        self.engine = engine
        self._folder = folder
        self._company_id = company_id
        self._user_id = user_id
        self._card_id = card_id
        self._magic = magic.Magic(mime=True)
        for number in range(FOLDERS):
            (folder / f"{number:02x}").mkdir(parents=True, exist_ok=True)
        sync_folder(folder)

    def add(self, content: bytes, filename: str) -> int:
        """Store one document; its id."""
        name = secrets.token_hex(16)
        with self.engine.begin() as connection:
            self._reserve(connection, name, len(content))
        sha256 = write_durably(io.BytesIO(content), self._folder / name[:2] / name)
        media_type = self._magic.from_buffer(content)
        with self.engine.begin() as connection:
            return self._attach(
                connection,
                size_bytes=len(content),
                sha256=sha256,
                media_type=media_type,
                filename=filename,
                storage_key=name,
            )

    def _reserve(self, connection: Connection, key: str, size_bytes: int) -> None:
        now = datetime.now(UTC)
        connection.execute(
            update(COMPANY_USAGE)
            .where(
                COMPANY_USAGE.c.company_id == self._company_id,
                or_(
                    literal(False),
                    COMPANY_USAGE.c.scope != "company",
                    COMPANY_USAGE.c.held_bytes + size_bytes <= COMPANY_USAGE.c.limit_bytes,
                ),
            )
            .values(held_bytes=COMPANY_USAGE.c.held_bytes + size_bytes)
            .returning(COMPANY_USAGE.c.scope, COMPANY_USAGE.c.limit_bytes)
        ).one()
        connection.execute(
            update(USER_USAGE)
            .where(USER_USAGE.c.user_id == self._user_id)
            .values(held_bytes=USER_USAGE.c.held_bytes + size_bytes)
            .returning(USER_USAGE.c.user_id)
        ).one()
        connection.execute(
            insert(INTENTS),
            {
                "company_id": self._company_id,
                "user_id": self._user_id,
                "storage_key": key,
                "size_bytes": size_bytes,
                "state": "open",
                "receiving_until": now + timedelta(seconds=60),
                "attach_until": now + timedelta(seconds=3600),
            },
        )

    def _attach(
        self,
        connection: Connection,
        *,
        size_bytes: int,
        sha256: str,
        media_type: str,
        filename: str,
        storage_key: str,
    ) -> int:
        now = datetime.now(UTC)
        connection.execute(
            delete(INTENTS)
            .where(
                INTENTS.c.storage_key == storage_key,
                INTENTS.c.company_id == self._company_id,
                INTENTS.c.state == "open",
                INTENTS.c.size_bytes == size_bytes,
                INTENTS.c.attach_until > now,
            )
            .returning(INTENTS.c.id)
        ).one()
        document_id = self._insert(
            connection,
            "ecm_documents",
            title=filename,
            kind="other",
            tags=[],
            current_version=1,
            created_at=now,
            updated_at=now,
            trashed_at=None,
            trashed_by_id=None,
        )
        self._insert(
            connection,
            "ecm_versions",
            document_id=document_id,
            number=1,
            size_bytes=size_bytes,
            sha256=sha256,
            media_type=media_type,
            filename=filename,
            storage_key=storage_key,
            uploaded_by_id=self._user_id,
            uploaded_at=now,
            text_state="pending",
            text_reason=None,
            preview_state="pending",
        )
        self._insert(
            connection,
            "ecm_document_cards",
            card_id=self._card_id,
            document_id=document_id,
            linked_by_id=self._user_id,
            linked_at=now,
        )
        self._insert(
            connection,
            "ecm_audit_events",
            user_id=self._user_id,
            action="document.added",
            object_type="document",
            object_id=document_id,
            facts={"version": 1, "card": str(self._card_id)},
            at=now,
            once_key=None,
        )
        self._insert(
            connection,
            "ecm_timeline_entries",
            card_id=self._card_id,
            kind="document.added",
            user_id=self._user_id,
            facts={"document": str(document_id), "title": filename},
            at=now,
        )
        self._insert(connection, "ecm_outbox", document_id=document_id, created_at=now)
        return document_id

    def _insert(self, connection: Connection, table: str, **values: object) -> int:
        row = {"company_id": self._company_id, **values}
        key = connection.execute(insert(TABLES[table]), row).inserted_primary_key
        assert key is not None
        return int(key[0])
