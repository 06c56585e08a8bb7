"""What is checked while bytes are read."""

from __future__ import annotations

import hashlib
from io import BytesIO

import pytest

from ecm.storage.errors import Corrupt
from ecm.storage.interface import CHUNK_BYTES, KEY_MAX_CHARS, check_key
from ecm.storage.streams import Chained, Counted, Measured, RangeReader, measure_range, read_fully


class Drops:
    """Gives one byte at a time, whatever is asked; remembers what was asked at most."""

    def __init__(self, content: bytes) -> None:
        self.asked_bytes = 0
        self._content = BytesIO(content)

    def read(self, size: int, /) -> bytes:
        self.asked_bytes = max(self.asked_bytes, size)
        return self._content.read(min(size, 1))

    def close(self) -> None:
        self._content.close()


def test_counted_passes_nothing_on_beyond_the_limit() -> None:
    counted = Counted("key", BytesIO(b"abcdef"), limit_bytes=13, count_bytes=10)
    assert counted.read(3) == b"abc"
    assert counted.count_bytes == 13
    with pytest.raises(Corrupt, match="should be 13, found 16 or more"):
        counted.read(3)


def test_measured_tells_size_and_checksum_at_the_end() -> None:
    content = b"words " * 1000
    measured = Measured("key", Drops(content), size_bytes=None, sha256=None)
    assert read_fully(measured, 10_000) == content
    assert measured.size_bytes == len(content)
    assert measured.sha256 == hashlib.sha256(content).hexdigest()


def test_measured_takes_a_checksum_in_capitals() -> None:
    promised = hashlib.sha256(b"abc").hexdigest().upper()
    measured = Measured("key", BytesIO(b"abc"), size_bytes=3, sha256=promised)
    assert read_fully(measured, 100) == b"abc"


def test_chained_gives_one_after_the_other() -> None:
    chained = Chained(Drops(b"ab"), Chained(BytesIO(b""), BytesIO(b"cd")))
    assert read_fully(chained, 3) == b"abc"
    assert read_fully(chained, 3) == b"d"
    assert chained.read(3) == b""


def test_read_fully_never_asks_for_more_than_a_chunk_or_than_is_missing() -> None:
    drops = Drops(bytes(10))
    assert read_fully(drops, 7) == bytes(7)
    assert drops.asked_bytes == 7
    assert len(read_fully(drops, 10 * CHUNK_BYTES)) == 3
    assert drops.asked_bytes == CHUNK_BYTES


def test_a_range_reader_ends_where_the_range_does() -> None:
    reader = RangeReader("key", Drops(b"abcdef"), size_bytes=100, length_bytes=4)
    assert (reader.read(0), reader.read(10), reader.remaining_bytes) == (b"", b"a", 3)
    assert (reader.read(), reader.read(), reader.remaining_bytes) == (b"bcd", b"", 0)


def test_a_range_reader_refuses_an_end_that_comes_early() -> None:
    reader = RangeReader("key", Drops(b"abc"), size_bytes=4, length_bytes=4)
    with pytest.raises(Corrupt):
        reader.read()


@pytest.mark.parametrize(
    ("start", "length_bytes", "expected"), [(0, None, 10), (4, None, 6), (10, None, 0), (4, 6, 6), (0, 0, 0)]
)
def test_a_range_within_the_blob_has_a_length(start: int, length_bytes: int | None, expected: int) -> None:
    assert measure_range("key", 10, start, length_bytes) == expected


def test_keys_are_of_one_length_at_most() -> None:
    check_key("k" * KEY_MAX_CHARS)
