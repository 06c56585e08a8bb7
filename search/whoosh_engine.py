"""The default engine: one Whoosh index per company, in a folder of its own.

Of Whoosh only the narrow core is used, the files of a segment: terms, postings, a column. Analysis
and matching are ours; so are commits and merging (see `folder_engine`), since Whoosh makes nothing
durable, notices no flipped bit, and works posting by posting where whole lists will do.
"""

from __future__ import annotations

import mmap
import secrets
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

from whoosh.columns import VarBytesColumn
from whoosh.filedb.structfile import BufferFile, StructFile

from .analysis import Analyzer
from .folder_engine import FolderEngine
from .manifest import ManifestError, SegmentRecord, damage
from .matching import Places
from .packing import HEAD_BYTES, count_of, pack_rows, unpack, unpack_rows
from .segments import Postings, Rows, decode, encode, form_field
from .whoosh_terms import Terms, TermsWriter

_FORMAT_NAME: Final = f"whoosh 6 {sys.byteorder}"  # change it with the format of the files
_ENDINGS: Final = (".trm", ".pst", ".row.col")
_MAPPED_BYTES: Final = 1 << 18  # smaller files are read whole: a mapping costs a file descriptor
_FORMS: Final = form_field("everywhere")
_LEXICON: Final = "lexicon"  # of one term alone: all forms, for spelling
_ROWS: Final = VarBytesColumn()
_ROW_PARTS: Final = 3

_P = ParamSpec("_P")
_R = TypeVar("_R")
_S = TypeVar("_S", bound="_WhooshSegment")


class _File(BufferFile):  # type: ignore[misc]
    """A file in memory, read or mapped. `get` moves no pointer, so threads may share it."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self.size_bytes = file.seek(0, 2)
            if self.size_bytes < _MAPPED_BYTES:
                file.seek(0)
                self.read_whole: bytes | None = file.read()
                self._buf: bytes | mmap.mmap = self.read_whole
            else:
                self.read_whole = None
                self._buf = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.file = BytesIO(self._buf) if isinstance(self._buf, bytes) else self._buf
        self._name = path.name
        self.onclose = None
        self.is_real = False
        self.is_closed = False


def _guarded(method: Callable[Concatenate[_S, _P], _R]) -> Callable[Concatenate[_S, _P], _R]:
    """What Whoosh raises on damaged files becomes ManifestError."""

    def reading(self: _S, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return method(self, *args, **kwargs)
        except (ManifestError, OSError):
            raise
        except Exception as error:
            raise ManifestError(f"segment {self.id} cannot be read ({error!r})", self.id) from error

    return reading


class _WhooshSegment:
    """See `segments.SegmentFiles`."""

    def __init__(self, folder: Path, record: SegmentRecord) -> None:
        self.id = record.id
        self._documents = record.documents
        self._open(folder, record)

    @_guarded
    def _open(self, folder: Path, record: SegmentRecord) -> None:
        files = {name: _File(folder / name) for name in (f"{record.id}{ending}" for ending in _ENDINGS)}
        terms, postings, self._rows = files.values()
        self.sizes = {name: file.size_bytes for name, file in files.items()}
        read = {name: file.read_whole for name, file in files.items() if file.read_whole is not None}
        self.sums = {name: zlib.crc32(content) for name, content in read.items()}
        self._terms = Terms(terms, terms.size_bytes, postings)
        self.held_bytes = sum(map(len, read.values()))
        self.descriptors = len(files) - len(read)

    @_guarded
    def rows(self) -> Rows:
        packed = _ROWS.reader(self._rows, 0, self._rows.size_bytes, _ROW_PARTS)
        return unpack_rows([packed[part] for part in range(_ROW_PARTS)], self._documents)

    @_guarded
    def postings(self, field: str, term: str) -> Postings | None:
        packed = self._terms.packed(field, encode(term))
        return None if packed is None else self._unpack(packed)

    @_guarded
    def count(self, field: str, term: str) -> int:
        packed = self._terms.packed(field, encode(term), HEAD_BYTES)
        return 0 if packed is None else count_of(packed)

    @_guarded
    def beginning(self, field: str, prefix: str) -> Sequence[tuple[str, Postings]]:
        found = self._terms.beginning(field, encode(prefix))
        return [(decode(term), self._unpack(packed)) for term, packed in found]

    @_guarded
    def forms(self) -> list[str]:
        packed = self._terms.packed(_LEXICON, b"")
        forms = decode(zlib.decompress(packed)) if packed else ""
        return forms.split("\n") if forms else []

    def all_postings(self) -> Iterator[tuple[str, bytes, bytes]]:
        with damage(f"segment {self.id} cannot be read", self.id):
            for found in self._terms.all():
                if found[0] != _LEXICON:
                    yield found

    def _unpack(self, packed: bytes) -> Postings:
        return unpack(packed, self._documents, self._guard)

    @_guarded
    def _guard(self, read: Callable[[], Places]) -> Places:
        return read()


class _WhooshStore:
    """See `segments.SegmentStore`."""

    def open(self, folder: Path, record: SegmentRecord) -> _WhooshSegment:
        return _WhooshSegment(folder, record)

    def write(self, folder: Path, rows: Rows, postings: Iterable[tuple[str, bytes, bytes]]) -> str:
        segment_id = secrets.token_hex(8)
        terms_path, postings_path, rows_path = (folder / f"{segment_id}{ending}" for ending in _ENDINGS)
        with rows_path.open("wb") as file:
            column = _ROWS.writer(StructFile(file))
            for part, packed in enumerate(pack_rows(rows)):
                column.add(part, packed)
            column.finish(_ROW_PARTS)
        with terms_path.open("wb") as terms_file, postings_path.open("wb") as postings_file:
            terms = TermsWriter(StructFile(terms_file), postings_file)
            terms.write_all(_with_lexicon(postings))
            terms.close()
        return segment_id


def _with_lexicon(postings: Iterable[tuple[str, bytes, bytes]]) -> Iterator[tuple[str, bytes, bytes]]:
    """The same, and at last all forms together, to be read at once."""
    forms: list[bytes] = []
    for field, term, packed in postings:
        if field == _FORMS:
            forms.append(term)
        yield field, term, packed
    yield _LEXICON, b"", zlib.compress(b"\n".join(forms), 1)


class WhooshEngine(FolderEngine):
    """One Whoosh index per company: see `FolderEngine`, and `SearchEngine` for the promises."""

    def __init__(
        self,
        folder: Path,
        analyzer: Analyzer,
        *,
        lock_timeout_s: float = 2.0,
        open_indexes: int = 2_000,
        open_bytes: int = 128 << 20,
    ) -> None:
        super().__init__(
            folder,
            analyzer,
            _WhooshStore(),
            format=_FORMAT_NAME,
            lock_timeout_s=lock_timeout_s,
            open_indexes=open_indexes,
            open_bytes=open_bytes,
        )
