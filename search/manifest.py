"""What an index consists of, in one small file that is replaced as a whole: the commit itself.

Files of an index are written under new names and never changed. A commit makes them durable, then
puts a new manifest in the place of the old one; what no manifest names is debris of a process
that died and may be deleted by whoever holds the lock. So a kill at any moment leaves the last
commit, and a flipped bit, a lost or a cut file is told from it by sizes and checksums.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

NAME: Final = "manifest"
_CHUNK_BYTES: Final = 1 << 20


class ManifestError(Exception):
    """A manifest, or a file that it names, is not what was written. The message is the reason; `segment` the
    id of the one segment that is at fault, if it is one."""

    def __init__(self, reason: str, segment: str | None = None) -> None:
        super().__init__(reason)
        self.segment = segment


@contextmanager
def damage(reason: str, segment: str | None = None) -> Iterator[None]:
    """What reading of damaged files raises becomes ManifestError, with the reason."""
    try:
        yield
    except (ManifestError, OSError):
        raise
    except Exception as error:
        raise ManifestError(f"{reason} ({error!r})", segment) from error


@dataclass(frozen=True, slots=True)
class FileSum:
    """Size and CRC-32 of a file: against decay, not against an enemy, and 2 GB a second."""

    size_bytes: int
    crc32: int


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """A segment: how many documents it holds, and which of them are deleted."""

    id: str
    documents: int
    deleted: frozenset[int]


@dataclass(frozen=True, slots=True)
class Manifest:
    """One state of an index. `schema` names the layout of the index and the analysis of its words."""

    schema: str
    segments: tuple[SegmentRecord, ...]
    files: dict[str, FileSum]

    def to_bytes(self) -> bytes:
        body = json.dumps(
            {
                "schema": self.schema,
                "segments": [[s.id, s.documents, sorted(s.deleted)] for s in self.segments],
                "files": {name: [s.size_bytes, s.crc32] for name, s in sorted(self.files.items())},
            },
            separators=(",", ":"),
        ).encode()
        return b"%08x\n%s\n" % (zlib.crc32(body), body)

    def files_of(self, segment_id: str) -> list[str]:
        """The names of a segment's files."""
        return [name for name in self.files if name.startswith(f"{segment_id}.")]

    @classmethod
    def from_bytes(cls, raw: bytes) -> Manifest:
        """ManifestError for anything that `to_bytes` did not make."""
        checksum, _, rest = raw.partition(b"\n")
        body = rest.removesuffix(b"\n")
        if checksum != b"%08x" % zlib.crc32(body) or not rest.endswith(b"\n"):
            raise ManifestError("the manifest is damaged")
        data = json.loads(body)
        return cls(
            data["schema"],
            tuple(SegmentRecord(name, count, frozenset(gone)) for name, count, gone in data["segments"]),
            {name: FileSum(size, crc) for name, (size, crc) in data["files"].items()},
        )


def read_raw(folder: Path) -> bytes | None:
    """The manifest of the index in this folder as it is now; None if there is no index.

    ManifestError if the folder holds an index that has lost its manifest: the first thing written
    to a new folder is a manifest, so a process that was killed leaves no such folder.
    """
    try:
        return (folder / NAME).read_bytes()
    except FileNotFoundError:
        try:
            names = os.listdir(folder)
        except (FileNotFoundError, NotADirectoryError):
            return None
        if any(not name.startswith(NAME) for name in names) and not (folder / NAME).exists():
            raise ManifestError("the manifest is missing") from None
        return read_raw(folder) if NAME in names else None


def publish(folder: Path, manifest: Manifest) -> bytes:
    """Commit: put the manifest in place, durably. Its files must be durable already (`seal`)."""
    raw = manifest.to_bytes()
    temporary = folder / f"{NAME}.new"
    with temporary.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / NAME)
    sync_folder(folder)
    return raw


def seal(path: Path) -> FileSum:
    """Make a finished file durable, and sum it up."""
    with path.open("r+b") as file:  # some systems make durable only what they may write
        os.fsync(file.fileno())
        return _sum(file)


def verify(folder: Path, manifest: Manifest) -> None:
    """Compare every file with what was written. ManifestError names the first that differs."""
    for name in manifest.files:
        _verify_file(folder, manifest, name)


def verify_segment(folder: Path, manifest: Manifest, segment_id: str) -> None:
    """The same with the files of one segment."""
    for name in manifest.files_of(segment_id):
        _verify_file(folder, manifest, name)


def _verify_file(folder: Path, manifest: Manifest, name: str) -> None:
    segment_id = name.partition(".")[0]
    try:
        with (folder / name).open("rb") as file:
            found = _sum(file)
    except FileNotFoundError:
        raise ManifestError(f"{name} is missing", segment_id) from None
    if found != manifest.files[name]:
        raise ManifestError(f"{name} is damaged", segment_id)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the system can."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sum(file: BinaryIO) -> FileSum:
    size, crc = 0, 0
    while chunk := file.read(_CHUNK_BYTES):
        crc = zlib.crc32(chunk, crc)
        size += len(chunk)
    return FileSum(size, crc)
