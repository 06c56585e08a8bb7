"""An index of tantivy as it is changed: one commit in the making."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from . import manifest as manifests
from . import tantivy_files as files
from .analysis import Analyzer
from .interface import Entry
from .manifest import Manifest
from .tantivy_index import SearchedIndex, open_index, writing
from .tantivy_schema import build_document, open_to_write, plain
from .vocabulary import VocabularyFile

HEAP_BYTES: Final = 50_000_000  # of one writer: what does not fit becomes a segment of its own


class Change:
    """A commit in the making, by whoever holds the lock. Nothing is written before something changes, and
    nothing shows before `commit`. OSError when a disk is full. Whoever made it ends it, at least by
    `abandon`."""

    def __init__(self, folder: Path, schema: str, older: SearchedIndex | None, analyzer: Analyzer) -> None:
        self._folder = folder
        self._schema = schema
        self._older = older
        self._analyzer = analyzer
        self._writer: Any = None
        self._added: set[str] = set()
        self._new_forms: set[str] = set()

    def remove(self, entry_id: str) -> None:
        """Take an entry away, if it is there."""
        if entry_id in self._added or (self._older is not None and self._older.has(entry_id)):
            self._open()
            with writing():
                self._writer.delete_documents_by_term("id", plain(entry_id))

    def add(self, entry: Entry) -> None:
        """Add an entry in place of an older one of its id."""
        self._open()
        self.remove(entry.id)
        document, forms = build_document(entry, self._analyzer)
        with writing():
            self._writer.add_document(document)
        self._added.add(entry.id)
        self._new_forms |= forms if self._older is None else {f for f in forms if not self._older.has_form(f)}

    def commit(self) -> None:
        """Make it durable and public, let segments be merged, and write the manifest."""
        if self._writer is None:
            return
        vocabulary = VocabularyFile(self._folder)
        vocabulary.append(self._new_forms)
        with writing():
            self._writer.commit()
            writer, self._writer = self._writer, None
            writer.wait_merging_threads()
            del writer
        if vocabulary.is_overgrown() and (index := open_index(self._folder, self._schema, self._analyzer)):
            vocabulary.replace(index.forms())
        self._seal()

    def abandon(self) -> None:
        """Leave the index as it was, unless it was committed. Nothing to do after `commit`."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            with writing():
                writer.rollback()
                writer.garbage_collect_files()
                del writer
            VocabularyFile(self._folder).append(())
            self._seal()

    def _open(self) -> None:
        if self._writer is not None:
            return
        if manifests.read_raw(self._folder) is None:
            self._folder.mkdir(exist_ok=True)
            manifests.publish(self._folder, Manifest(self._schema, (), {}))
            manifests.sync_folder(self._folder.parent)
        files.fall_behind(self._folder)
        with writing():
            self._writer = open_to_write(self._folder).writer(HEAP_BYTES, 1)

    def _seal(self) -> None:
        older = Manifest.from_bytes(manifests.read_raw(self._folder) or b"")
        files.seal(self._folder, self._schema, older)
