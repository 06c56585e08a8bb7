"""The surface forms of one company's texts, in a file beside its index, and those near to a word.

One form a line. The file only grows, before the commit that brings the forms in, so that it holds
all that an index holds, and more: who asks for a form has to look whether the index has it still.
When it has doubled, it is written anew. A reader of a million forms needs some 70 MB, and milliseconds.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

VOCABULARY: Final = "forms"
_SPARE_BYTES: Final = 1 << 16  # by which a file may grow beyond the double
_HEAD_BYTES: Final = 13  # the size in bytes that the file was last written anew with, and the end of the line
_MAX_CHUNKS: Final = 16
_EDITS: Final = 2


class VocabularyFile:
    """The file, as whoever holds the index's lock writes it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / VOCABULARY

    def append(self, forms: Iterable[str]) -> None:
        """Add forms, durably. OSError."""
        lines = "\n".join(forms).encode()
        if not self._path.exists():
            self.replace(())
        if lines:
            with self._path.open("ab") as file:
                file.write(b"\n" + lines + b"\n")  # a writer that died may have left half a line
                file.flush()
                os.fsync(file.fileno())

    def is_overgrown(self) -> bool:
        """Whether most of it may be forms that are gone."""
        with self._path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        least = int(head) if head.strip().isdigit() else 0
        return self._path.stat().st_size > 2 * least + _SPARE_BYTES

    def replace(self, forms: Iterable[str]) -> None:
        """Write it anew, durably, in one step. OSError."""
        lines = "\n".join((*forms, "")).encode()
        temporary = self._path.with_suffix(".new")
        with temporary.open("wb") as file:
            file.write(b"%012d\n" % (len(lines) + _HEAD_BYTES) + lines)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Forms by length, each with a set of its letters as bits."""

    forms: Sequence[str]
    letters: NDArray[np.uint64]
    starts: NDArray[np.int64]  # where the forms of each length begin


class Vocabulary:
    """The forms, as a reader has them in memory. Not for two threads at once."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / VOCABULARY
        self._file = -1
        self._read_bytes = 0
        self._chunks: list[_Chunk] = []

    def near(self, word: str) -> dict[str, int]:
        """The forms within two edits of a word, and the number of edits. OSError."""
        self._read_on()
        from .spelling import near

        candidates = [form for chunk in self._chunks for form in _alike(chunk, word)]
        return near(word, candidates)

    def _read_on(self) -> None:
        """Read what has come since the last time; all, if the file was written anew."""
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            self._chunks = []
            return
        with file:
            number = os.fstat(file.fileno()).st_ino
            if number != self._file:
                self._file, self._read_bytes, self._chunks = number, _HEAD_BYTES, []
            file.seek(self._read_bytes)
            lines, newline, _ = file.read().rpartition(b"\n")  # what follows is being written
        if not newline:
            return
        self._read_bytes += len(lines) + 1
        forms = dict.fromkeys(lines.decode(errors="replace").split("\n"))
        forms.pop("", None)
        if len(self._chunks) >= _MAX_CHUNKS:
            forms = {form: None for chunk in self._chunks for form in chunk.forms} | forms
            self._chunks = []
        if forms:
            self._chunks.append(_chunk(forms))


def _chunk(forms: Iterable[str]) -> _Chunk:
    ordered = sorted(forms, key=len)
    lengths = np.fromiter(map(len, ordered), np.int64, len(ordered))
    codes = np.frombuffer("".join(ordered).encode("utf-32-le"), np.uint32)
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    letters = np.bitwise_or.reduceat(_bits(codes), starts)
    longest = int(lengths[-1])
    return _Chunk(ordered, letters, np.searchsorted(lengths, np.arange(longest + 2)))


def _bits(codes: NDArray[np.uint32]) -> NDArray[np.uint64]:
    bits: NDArray[np.uint64] = np.uint64(1) << (codes.astype(np.uint64) & np.uint64(63))
    return bits


def _alike(chunk: _Chunk, word: str) -> list[str]:
    """The forms of about the word's length and letters: an edit changes two letters of the set at most."""
    last = len(chunk.starts) - 1
    first_at, end_at = (
        int(chunk.starts[min(max(length, 0), last)])
        for length in (len(word) - _EDITS, len(word) + _EDITS + 1)
    )
    codes = np.frombuffer(word.encode("utf-32-le", "surrogatepass"), np.uint32)
    wanted = np.bitwise_or.reduce(_bits(codes)) if len(codes) else np.uint64(0)
    differing = np.bitwise_count(chunk.letters[first_at:end_at] ^ wanted)
    return [chunk.forms[first_at + int(at)] for at in np.flatnonzero(differing <= 2 * _EDITS)]
