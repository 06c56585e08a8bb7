"""The default engine: one Whoosh index per company, in a folder of its own.

Of Whoosh only the narrow core is used, the files of a segment: terms, postings, a column. Analysis
and matching are ours; so are commits and merging (see `folder_engine`), since Whoosh makes nothing
durable, notices no flipped bit, and works posting by posting where whole lists will do.
"""

from __future__ import annotations

import mmap
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from io import BytesIO
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from whoosh.codec.whoosh3 import (
    W3Codec,
    W3FieldWriter,
    W3PostingsWriter,
    W3Segment,
)
from whoosh.columns import VarBytesColumn
from whoosh.fields import FieldType
from whoosh.filedb.filestore import FileStorage, Storage
from whoosh.filedb.structfile import BufferFile
from whoosh.formats import Format
from whoosh.reading import TermNotFound

from .analysis import Analyzer
from .folder_engine import FolderEngine
from .manifest import ManifestError, SegmentRecord
from .matching import Places
from .packing import HEAD_BYTES, count_of, pack_rows, unpack, unpack_rows
from .segments import Postings, Rows, decode, encode, form_field

_FORMAT_NAME: Final = f"whoosh 5 {sys.byteorder}"  # change it with the format of the files
_INDEX_NAME: Final = "MAIN"
_ENDINGS: Final = (".trm", ".pst", ".row.col")
_MAPPED_BYTES: Final = 1 << 18  # smaller files are read whole: a mapping costs a file descriptor
_FORMS: Final = form_field("everywhere")
_LEXICON: Final = "lexicon"  # of one term alone: all forms, for spelling
_INLINED_BYTES: Final = 64  # so short a list stands beside its term: most terms are that rare

_P = ParamSpec("_P")
_R = TypeVar("_R")
_S = TypeVar("_S", bound="_WhooshSegment")


class _Format(Format):  # type: ignore[misc]
    """That of all our postings: what a block holds is packed by `_PostingsWriter`, not by the format."""

    posting_size = -1


class _Codec(W3Codec):  # type: ignore[misc]
    def postings_writer(self, dbfile: Any, byteids: bool = False) -> _PostingsWriter:
        return _PostingsWriter(dbfile, blocklimit=1)


class _PostingsWriter(W3PostingsWriter):  # type: ignore[misc]
    """Writes posting lists whole, as they were packed: we read them whole, and gain nothing by skipping."""

    _terminfo: Any

    def write(self, packed: bytes) -> None:
        if len(packed) <= _INLINED_BYTES:
            self._terminfo.set_inlined((packed,), (), ())
        else:
            self._terminfo.set_extent(self._postfile.tell(), len(packed))
            self._postfile.write(packed)

    def finish_postings(self) -> Any:
        info, self._terminfo = self._terminfo, None
        return info


class _FieldWriter(W3FieldWriter):  # type: ignore[misc]
    """Writes terms in order, and their postings; and once more all forms together, to be read at once."""

    def write_all(self, postings: Iterable[tuple[str, bytes, bytes]]) -> None:
        forms: list[bytes] = []
        for field, of_field in groupby(postings, key=itemgetter(0)):
            self.start_field(field, _FIELD)
            for _, term, packed in of_field:
                self._write_term(term, packed)
                if field == _FORMS:
                    forms.append(term)
            self.finish_field()
        self.start_field(_LEXICON, _FIELD)
        self._write_term(b"", zlib.compress(b"\n".join(forms), 1))
        self.finish_field()
        self.close()

    def _write_term(self, term: bytes, packed: bytes) -> None:
        self.start_term(term)
        self._postwriter.write(packed)
        self.finish_term()

    def abandon(self) -> None:
        """Close the files, whatever becomes of what is in them."""
        for file in (self._tindex.dbfile.file, self._postfile.file):
            with suppress(OSError):
                file.close()


_CODEC: Final = _Codec()
_FORMAT: Final = _Format()
_FIELD: Final = FieldType(_FORMAT, analyzer=None)
_ROWS: Final = VarBytesColumn()
_ROW_PARTS: Final = 3


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


class _Opened(Storage):  # type: ignore[misc]
    """The files of one segment, as Whoosh's readers want them."""

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        self.files = {name: _File(folder / name) for name in names}

    def open_file(self, name: str, *args: Any, **kwargs: Any) -> _File:
        return self.files[name]

    def file_length(self, name: str) -> int:
        return self.files[name].size_bytes


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
        segment = W3Segment(_CODEC, _INDEX_NAME, record.documents, record.id.removeprefix(f"{_INDEX_NAME}_"))
        names = [segment.make_filename(ending) for ending in _ENDINGS]
        opened = _Opened(folder, names)
        self.sizes = {name: file.size_bytes for name, file in opened.files.items()}
        read = {name: file.read_whole for name, file in opened.files.items() if file.read_whole is not None}
        self.sums = {name: zlib.crc32(content) for name, content in read.items()}
        self._terms = _CODEC.terms_reader(opened, segment)
        self._postings_file = opened.files[names[1]]
        self._rows = opened.files[names[2]]
        self.held_bytes = sum(map(len, read.values()))
        self.descriptors = len(opened.files) - len(read)

    @_guarded
    def rows(self) -> Rows:
        packed = _ROWS.reader(self._rows, 0, self._rows.size_bytes, _ROW_PARTS)
        return unpack_rows([packed[part] for part in range(_ROW_PARTS)], self._documents)

    @_guarded
    def postings(self, field: str, term: str) -> Postings | None:
        try:
            return self._read(self._terms.term_info(field, encode(term)))
        except TermNotFound:
            return None

    @_guarded
    def count(self, field: str, term: str) -> int:
        try:
            return count_of(self._packed(self._terms.term_info(field, encode(term)), HEAD_BYTES))
        except TermNotFound:
            return 0

    @_guarded
    def beginning(self, field: str, prefix: str) -> Sequence[tuple[str, Postings]]:
        start = encode(prefix)
        found = []
        for (name, term), info in self._terms.items_from(field, start):
            if name != field or not term.startswith(start):
                break
            found.append((decode(term), self._read(info)))
        return found

    @_guarded
    def forms(self) -> list[str]:
        forms = decode(zlib.decompress(self._packed(self._terms.term_info(_LEXICON, b""))))
        return forms.split("\n") if forms else []

    def all_postings(self) -> Iterator[tuple[str, bytes, bytes]]:
        items = iter(self._terms.items())
        while (item := self._next(items)) is not None:
            yield item

    @_guarded
    def _next(self, items: Iterator[Any]) -> tuple[str, bytes, bytes] | None:
        for (field, term), info in items:
            if field != _LEXICON:
                return field, term, self._packed(info)
        return None

    def _read(self, info: Any) -> Postings:
        return unpack(self._packed(info), self._documents, self._guard)

    def _packed(self, info: Any, most_bytes: int = sys.maxsize) -> bytes:
        if info.is_inlined():
            (packed,), _, _ = info.inlined_postings()
        else:
            offset, length = info.extent()
            length = length[0] if isinstance(length, tuple) else length  # 2.7.5 forgets to unpack it
            packed = self._postings_file.get(offset, min(length, most_bytes))
        return bytes(packed)

    @_guarded
    def _guard(self, read: Callable[[], Places]) -> Places:
        return read()


class _WhooshStore:
    """See `segments.SegmentStore`."""

    def open(self, folder: Path, record: SegmentRecord) -> _WhooshSegment:
        return _WhooshSegment(folder, record)

    def write(self, folder: Path, rows: Rows, postings: Iterable[tuple[str, bytes, bytes]]) -> str:
        storage = FileStorage(str(folder))
        segment = W3Segment(_CODEC, _INDEX_NAME)
        with storage.create_file(segment.make_filename(".row.col")) as file:
            column = _ROWS.writer(file)
            for part, packed in enumerate(pack_rows(rows)):
                column.add(part, packed)
            column.finish(_ROW_PARTS)
        fields = _FieldWriter(_CODEC, storage, segment)
        try:
            fields.write_all(postings)
        except BaseException:
            fields.abandon()
            raise
        segment_id: str = segment.segment_id()
        return segment_id


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
