"""The terms of a segment in Whoosh's own file of them, an ordered hash: many at once, and their postings.

Whoosh's field writer keeps figures of each term that we never ask for, pickles what is short, and writes
in small steps: most of a commit was spent there. A key is the number of a field in two bytes, and the
term. A value is the term's postings as they were packed (see `packing`), or where in the file of postings
they are.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator
from hashlib import md5
from struct import Struct
from typing import Any, BinaryIO, Final

from whoosh.filedb.filetables import OrderedHashReader, OrderedHashWriter
from whoosh.filedb.structfile import BufferFile
from whoosh.util.numlists import GrowableArray

_INLINED_BYTES: Final = 64  # so short a list stands beside its term: most terms are that rare
_FIELD: Final = Struct(">H")
_LENGTHS: Final = Struct(">ii")  # of a key and its value
_SLOT: Final = Struct(">Iq")  # of a hash table: a key's hash, and where it is
_ELSEWHERE: Final = Struct("<BQQ")  # a mark, where the postings are, their length
_ELSEWHERE_MARK: Final = 255  # no packed postings begin so
_CHUNK_BYTES: Final = 1 << 20  # that are read or written at once: far more than any term has


class TermsWriter(OrderedHashWriter):  # type: ignore[misc]
    """Writes the terms of a segment. `close` completes the file of terms, and closes it; that of postings is
    the caller's."""

    def __init__(self, terms_file: Any, postings_file: BinaryIO) -> None:
        super().__init__(terms_file)
        self._postings_file = postings_file
        self._fields: dict[str, int] = {}
        self.extras["fieldmap"] = self._fields

    def write_all(self, postings: Iterable[tuple[str, bytes, bytes]]) -> None:
        """Write all of a segment: field, term and packed postings, in order. ValueError when they are not."""
        at = flushed = self.dbfile.tell()
        pieces: list[bytes] = []
        positions: list[int] = []
        last_field, head, last_key = "", b"", b""
        for field, term, packed in postings:
            if field != last_field:
                last_field, head = field, _FIELD.pack(self._fields.setdefault(field, len(self._fields)))
            key = head + term
            if key <= last_key:
                raise ValueError(f"terms have to ascend: {last_key!r}, {key!r}")
            last_key = key
            value = packed if len(packed) <= _INLINED_BYTES else self._write_elsewhere(packed)
            pieces += (_LENGTHS.pack(len(key), len(value)), key, value)
            hashed = int.from_bytes(md5(key, usedforsecurity=False).digest()[-4:], "big")
            self.buckets[hashed & 255].append((hashed, at))
            positions.append(at)
            at += _LENGTHS.size + len(key) + len(value)
            if at - flushed > _CHUNK_BYTES:
                self.dbfile.write(b"".join(pieces))
                pieces, flushed = [], at
        self.dbfile.write(b"".join(pieces))
        self.index = GrowableArray()
        self.index.array = array("I" if at < 1 << 32 else "q", positions)

    def _write_elsewhere(self, packed: bytes) -> bytes:
        at = self._postings_file.tell()
        self._postings_file.write(packed)
        return _ELSEWHERE.pack(_ELSEWHERE_MARK, at, len(packed))

    def _write_hashes(self) -> None:
        """As Whoosh does, but each table at once."""
        for entries in self.buckets:
            slots = 2 * len(entries)
            self.directory.append((self.dbfile.tell(), slots))
            table = [bytes(_SLOT.size)] * slots
            taken = bytearray(slots)
            for hashed, at in entries:
                slot = (hashed >> 8) % slots
                while taken[slot]:
                    slot = (slot + 1) % slots
                taken[slot] = 1
                table[slot] = _SLOT.pack(hashed, at)
            self.dbfile.write(b"".join(table))


class Terms:
    """The terms of a segment, and their postings, in files that are open. Whatever is damaged may raise
    anything."""

    def __init__(self, terms_file: BufferFile, size_bytes: int, postings_file: BufferFile) -> None:
        self._file = terms_file
        self._hash = OrderedHashReader(terms_file, size_bytes)
        self._fields: dict[str, int] = self._hash.extras["fieldmap"]
        self._postings_file = postings_file

    def packed(self, field: str, term: bytes, most_bytes: int = sys.maxsize) -> bytes | None:
        """The packed postings of a term, or so many bytes of their beginning; None for a term that is not
        there."""
        if (number := self._fields.get(field)) is None:
            return None
        value = self._hash.get(_FIELD.pack(number) + term)
        return None if value is None else self._postings(value, most_bytes)

    def beginning(self, field: str, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The terms of a field that begin like this, in order, with their packed postings."""
        if (number := self._fields.get(field)) is not None:
            first = _FIELD.pack(number) + prefix
            for key, value in self._hash.items_from(first):
                if not key.startswith(first):
                    return
                yield key[_FIELD.size :], self._postings(value)

    def all(self) -> Iterator[tuple[str, bytes, bytes]]:
        """Fields, terms and packed postings, in order."""
        fields = list(self._fields)
        at, end = self._hash.startofdata, self._hash.endofdata
        while at < end:
            chunk = self._file.get(at, min(end - at, _CHUNK_BYTES))
            done = 0
            while (key_at := done + _LENGTHS.size) <= len(chunk):
                key_bytes, value_bytes = _LENGTHS.unpack_from(chunk, done)
                if key_bytes < _FIELD.size or value_bytes < 1:
                    raise ValueError("a term that was not written")
                value_at = key_at + key_bytes
                if (next_at := value_at + value_bytes) > len(chunk):
                    break
                key, value = chunk[key_at:value_at], chunk[value_at:next_at]
                yield fields[_FIELD.unpack_from(key)[0]], key[_FIELD.size :], self._postings(value)
                done = next_at
            if not done:
                raise ValueError("a term that goes on beyond the end")
            at += done

    def _postings(self, value: bytes, most_bytes: int = sys.maxsize) -> bytes:
        if value[0] != _ELSEWHERE_MARK:
            return value
        _, at, length = _ELSEWHERE.unpack(value)
        packed: bytes = self._postings_file.get(at, min(length, most_bytes))
        return packed
