"""Files inside of files: each is read by the reader of its own type, within limits for the whole document."""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING

from .interface import Extractor, Found, Member, Piece, Reason, Unreadable
from .refusals import refusal_of

if TYPE_CHECKING:
    from ecm.media_types import MediaTypeDetector

_MEBIBYTE = 1024 * 1024
_DEPTH = 5
_MEMBERS = 1_000
_UNPACKED_BYTES = 512 * _MEBIBYTE
# A document may unpack to so many times its own size, and to the second figure in any case.
_RATIO = 200
_ALWAYS_UNPACKED_BYTES = 64 * _MEBIBYTE
_MEMBER_BYTES = 250 * _MEBIBYTE  # less than the kernel lets this process write (`limits`)
_HEAD_BYTES = _MEBIBYTE
# Of these the kind may stand at the end of the file, so that the whole of it is needed to tell.
_TOLD_AT_THE_END = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_PART_OF_THE_TIME = 0.8  # what is left is for ending well: text that was read is kept
_NAME_CHARS = 500

_TROUBLES: dict[Reason, str] = {
    "encrypted": "protected by a password",
    "too_large": "too large or nested too deeply",
    "memory_limit": "too much for the memory allowed",
    "unsupported": "no program here to read it",
}


class Readers:
    """The readers by media type, and the detector that says which one a member needs. One for a process."""

    def __init__(self, extractors: Iterable[Extractor]) -> None:
        self._by_media_type = {name: each for each in extractors for name in each.media_types}

    def of(self, media_type: str) -> Extractor | None:
        """Return the reader that takes this type, if there is one."""
        return self._by_media_type.get(media_type)

    @cached_property
    def detector(self) -> MediaTypeDetector:
        """Finds the types of members."""
        from ecm.media_types import MediaTypeDetector  # with libmagic: most documents have no members

        return MediaTypeDetector()


class Unpacking:
    """Reads the members of one document, and of its members; all of them share its limits.

    A member that can't be read does not spoil the others: `refusal` tells of it afterwards. Where a limit of
    the whole is reached, `Unreadable` is raised, and what was read stands.
    """

    def __init__(self, readers: Readers, path: Path, time_limit_s: float) -> None:
        self._readers = readers
        self._left_bytes = min(_UNPACKED_BYTES, max(_ALWAYS_UNPACKED_BYTES, _RATIO * path.stat().st_size))
        self._deadline = time.monotonic() + _PART_OF_THE_TIME * time_limit_s
        self._members = 0
        self._refusals: Counter[Reason] = Counter()

    @property
    def refusal(self) -> Unreadable | None:
        """Why some members were not read, or not to the end; None when all were."""
        if not self._refusals:
            return None
        ((reason, _),) = self._refusals.most_common(1)
        what = "; ".join(
            f"{times} {_TROUBLES.get(each, 'damaged')}" for each, times in self._refusals.most_common()
        )
        return Unreadable(reason, f"of {self._members} files inside, not read or not to the end: {what}")

    def resolve(self, pieces: Iterable[Piece], depth: int = 0) -> Iterator[Found]:
        """Yield the pieces with the members replaced by what is in them, each after a line with its name."""
        for piece in pieces:
            if isinstance(piece, Member):
                yield from self._read(piece, depth + 1)
            else:
                yield piece

    def _read(self, member: Member, depth: int) -> Iterator[Found]:
        self._members += 1
        if self._members > _MEMBERS:
            raise _Exhausted("too_large", f"only the first {_MEMBERS} files inside are read")
        name = " ".join(member.name.split())[:_NAME_CHARS]
        yield f"\n{name}\n"
        if depth > _DEPTH:
            self._refusals["too_large"] += 1
            return
        descriptor, unpacked = tempfile.mkstemp(suffix=PurePath(name).suffix if name.isascii() else "")
        try:
            with open(descriptor, "wb") as file:
                media_type = self._unpack(member, name, file)
            media_type = media_type or self._readers.detector.of_file(Path(unpacked), name)
            extractor = self._readers.of(media_type)
            if extractor is not None:
                found = extractor.extract(Path(unpacked), media_type, name)
                for piece in self.resolve(found, depth):
                    yield piece
                    self._hurry()
                yield "\n"
        except _Exhausted:
            raise
        except BaseException as error:  # noqa: BLE001 - what a file can't cause is raised again
            self._refusals[refusal_of(error).reason] += 1
        finally:
            os.unlink(unpacked)

    def _unpack(self, member: Member, name: str, file: IO[bytes]) -> str | None:
        """Write the member's bytes; return the media type if no reader takes it and not all are written."""
        head = bytearray()
        written = 0
        for chunk in member.open():
            self._hurry()
            self._left_bytes -= len(chunk)
            written += len(chunk)
            if self._left_bytes < 0:
                raise _Exhausted("too_large", "unpacked, the files inside are larger than is allowed")
            if written > _MEMBER_BYTES:
                raise Unreadable("too_large", "unpacked, a file inside is larger than is allowed")
            file.write(chunk)
            if len(head) < _HEAD_BYTES:
                head += chunk[: _HEAD_BYTES - len(head)]
                if len(head) == _HEAD_BYTES and not head.startswith(_TOLD_AT_THE_END):
                    media_type = self._readers.detector.of_bytes(bytes(head), name)
                    if self._readers.of(media_type) is None:
                        return media_type  # a film, say: no need for the rest
        return None

    def _hurry(self) -> None:
        if time.monotonic() > self._deadline:
            raise _Exhausted("time_limit", "reading all the files inside takes longer than is allowed")


class _Exhausted(Unreadable):
    """What is allowed for the whole document is used up."""
