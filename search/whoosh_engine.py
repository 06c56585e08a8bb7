"""The default engine: one Whoosh index per company, in a folder of its own.

Of Whoosh only the narrow core is used, the files of a segment: terms, postings, a column. Analysis
and matching are ours; so are commits and merging (see `folder_engine`), since Whoosh makes nothing
durable, notices no flipped bit, and works posting by posting where whole lists will do.
"""

from __future__ import annotations

import mmap
import struct
import sys
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from io import BytesIO
from itertools import accumulate, groupby
from operator import itemgetter, sub
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from whoosh.codec.whoosh3 import (
    W3Codec,
    W3FieldWriter,
    W3LeafMatcher,
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
from .segments import Postings, encode

_FORMAT_NAME: Final = f"whoosh 2 {sys.byteorder}"  # change it with the format of the files
_INDEX_NAME: Final = "MAIN"
_ENDINGS: Final = (".trm", ".pst", ".row.col")
_MAPPED_BYTES: Final = 1 << 18  # smaller files are read whole: a mapping costs a file descriptor
_SQUEEZED_BYTES: Final = 64  # less than this does not get smaller
_INLINED_POSTINGS: Final = 2  # as many stand beside their term: most terms are that rare
_BLOCK_POSTINGS: Final = 4096  # we read lists whole, and gain nothing by skipping

_P = ParamSpec("_P")
_R = TypeVar("_R")
_S = TypeVar("_S", bound="_WhooshSegment")


class _Format(Format):  # type: ignore[misc]
    """That of all our postings: what a block holds is packed by `_PostingsWriter`, not by the format."""

    posting_size = -1


class _Codec(W3Codec):  # type: ignore[misc]
    def postings_writer(self, dbfile: Any, byteids: bool = False) -> _PostingsWriter:
        return _PostingsWriter(dbfile, blocklimit=_BLOCK_POSTINGS, compression=0)


class _PostingsWriter(W3PostingsWriter):  # type: ignore[misc]
    """Writes posting lists whole. Positions are compressed apart, and cost nothing until a phrase asks."""

    _terminfo: Any

    def write(self, postings: Postings) -> None:
        positions = postings.positions()
        if len(postings.documents) <= _INLINED_POSTINGS:
            self._ids, self._weights, self._values = postings.documents, postings.weights, positions
            self._terminfo.set_inlined((self._mini_ids(),), (self._mini_weights(),), self._mini_values())
            return
        for start in range(0, len(postings.documents), _BLOCK_POSTINGS):
            block = slice(start, start + _BLOCK_POSTINGS)
            self._ids = postings.documents[block]
            self._weights = postings.weights[block]
            self._values = positions[block]
            self._write_block(last=block.stop >= len(postings.documents))

    def _mini_ids(self) -> bytes:
        return _squeeze(array("I", (self._ids[0], *map(sub, self._ids[1:], self._ids))).tobytes())

    def _mini_weights(self) -> bytes:
        halves = (min(weight, 60_000.0) for weight in self._weights)
        return _squeeze(struct.pack(f"{len(self._weights)}e", *halves))

    def _mini_values(self) -> tuple[bytes, bytes]:
        return array("I", map(len, self._values)).tobytes(), _squeeze(b"".join(self._values))

    def finish_postings(self) -> Any:
        info, self._terminfo = self._terminfo, None
        if not info.is_inlined():
            info.set_extent(self._startoffset, self._postfile.tell() - self._startoffset)
        return info


class _FieldWriter(W3FieldWriter):  # type: ignore[misc]
    """Writes terms in order, and their postings."""

    def write_all(self, postings: Iterable[tuple[str, bytes, Postings]]) -> None:
        for field, of_field in groupby(postings, key=itemgetter(0)):
            self.start_field(field, _FIELD)
            for _, term, found in of_field:
                self.start_term(term)
                self._postwriter.write(found)
                self.finish_term()
            self.finish_field()
        self.close()

    def abandon(self) -> None:
        """Close the files, whatever becomes of what is in them."""
        for file in (self._tindex.dbfile.file, self._postfile.file):
            with suppress(OSError):
                file.close()


class _Leaf(W3LeafMatcher):  # type: ignore[misc]
    """A posting list, read whole."""

    def blocks(self) -> Iterator[Any]:
        while self.is_active():
            self._read_data()
            yield self._data
            self._next_block()


_CODEC: Final = _Codec()
_FORMAT: Final = _Format()
_FIELD: Final = FieldType(_FORMAT, analyzer=None)
_ROWS: Final = VarBytesColumn()


class _File(BufferFile):  # type: ignore[misc]
    """A file in memory, read or mapped. `get` moves no pointer, so threads may share it."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self.size_bytes = file.seek(0, 2)
            if self.size_bytes < _MAPPED_BYTES:
                file.seek(0)
                self._buf: bytes | mmap.mmap = file.read()
            else:
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
            raise ManifestError(f"segment {self.id} cannot be read ({error!r})") from error

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
        self._terms = _CODEC.terms_reader(opened, segment)
        self._postings_file = opened.files[names[1]]
        column = opened.files[names[2]]
        self._rows: list[bytes] = list(_ROWS.reader(column, 0, column.size_bytes, record.documents))

    def rows(self) -> Sequence[bytes]:
        return self._rows

    @_guarded
    def postings(self, field: str, term: str) -> Postings | None:
        try:
            return self._read(self._terms.term_info(field, encode(term)))
        except TermNotFound:
            return None

    @_guarded
    def beginning(self, field: str, prefix: str) -> Sequence[tuple[str, Postings]]:
        start = encode(prefix)
        found = []
        for (name, term), info in self._terms.items_from(field, start):
            if name != field or not term.startswith(start):
                break
            found.append((term.decode("utf-8", "surrogatepass"), self._read(info)))
        return found

    def all_postings(self) -> Iterator[tuple[str, bytes, Postings]]:
        items = iter(self._terms.items())
        while (item := self._next(items)) is not None:
            yield item

    @_guarded
    def _next(self, items: Iterator[Any]) -> tuple[str, bytes, Postings] | None:
        for (field, term), info in items:
            return field, term, self._read(info)
        return None

    def _read(self, info: Any) -> Postings:
        if info.is_inlined():
            (ids,), (weights,), values = info.inlined_postings()
            return self._unpack([(ids, weights, values)])
        offset, length = info.extent()
        length = length[0] if isinstance(length, tuple) else length  # 2.7.5 forgets to unpack it
        file = BufferFile(self._postings_file.get(offset, length))
        return self._unpack(_Leaf(file, 0, length, _FORMAT).blocks())

    def _unpack(self, blocks: Iterable[tuple[bytes, bytes, tuple[bytes, bytes]]]) -> Postings:
        documents, weights = array("I"), array("f")
        packed = []
        for ids, halves, values in blocks:
            documents.extend(accumulate(array("I", _expand(ids))))
            halves = _expand(halves)
            weights.extend(struct.unpack(f"{len(halves) // 2}e", halves))
            packed.append(values)
        if documents[-1] >= self._documents:
            raise ValueError("a document that was not written")
        return Postings(documents, weights, lambda: self._positions(packed))

    @_guarded
    def _positions(self, packed: Sequence[tuple[bytes, bytes]]) -> Sequence[bytes]:
        return _split(packed)


class _WhooshStore:
    """See `segments.SegmentStore`."""

    def open(self, folder: Path, record: SegmentRecord) -> _WhooshSegment:
        return _WhooshSegment(folder, record)

    def write(
        self, folder: Path, rows: Sequence[bytes], postings: Iterable[tuple[str, bytes, Postings]]
    ) -> str:
        storage = FileStorage(str(folder))
        segment = W3Segment(_CODEC, _INDEX_NAME)
        with storage.create_file(segment.make_filename(".row.col")) as file:
            column = _ROWS.writer(file)
            for document, row in enumerate(rows):
                column.add(document, row)
            column.finish(len(rows))
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
        self, folder: Path, analyzer: Analyzer, *, lock_timeout_s: float = 2.0, open_indexes: int = 32
    ) -> None:
        super().__init__(
            folder,
            analyzer,
            _WhooshStore(),
            format=_FORMAT_NAME,
            lock_timeout_s=lock_timeout_s,
            open_indexes=open_indexes,
        )


def _squeeze(data: bytes) -> bytes:
    return b"\x01" + zlib.compress(data, 3) if len(data) > _SQUEEZED_BYTES else b"\x00" + data


def _expand(data: bytes) -> bytes:
    return zlib.decompress(memoryview(data)[1:]) if data[0] else data[1:]


def _split(packed: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    """The positions of each document of a posting list, out of its blocks."""
    positions = []
    for lengths, squeezed in packed:
        joined, at = _expand(squeezed), 0
        for length in array("I", lengths):
            positions.append(joined[at : at + length])
            at += length
        if at != len(joined):
            raise ValueError("positions of other lengths than were written")
    return positions
