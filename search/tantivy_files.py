"""The files of a tantivy index, told from damaged ones.

Tantivy commits by replacing ``meta.json``, and again when it has merged segments; it makes both durable, but
checks no checksum when it opens a file, and reads a damaged one blindly. So a manifest of our own (see
`manifest`) stands beside, with the sum of every file. It is written last: as long as a write is under
way, or has died, a marker tells that ``meta.json`` may be newer than the manifest; the files that
it names are then believed by the checksums which tantivy puts at their ends.
"""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from . import manifest as manifests
from .manifest import FileSum, Manifest, ManifestError
from .vocabulary import VOCABULARY

META: Final = "meta.json"
_MANAGED: Final = ".managed.json"
_REWRITTEN: Final = (META, _MANAGED, VOCABULARY)  # by every commit
_MARKER: Final = f"{manifests.NAME}.behind"
_ENDINGS: Final = (".fast", ".fieldnorm", ".idx", ".pos", ".store", ".term")
_MAGIC: Final = (1337).to_bytes(4, "little")
_TAIL_BYTES: Final = 8  # of a file of tantivy: the length of the footer, and its magic number
_CHUNK_BYTES: Final = 1 << 20

Signature = tuple[int, int, int]  # of a file: another one after every change


@dataclass(frozen=True, slots=True)
class State:
    """One commit: how many documents its segments hold, with the deleted ones, and its files. `unsealed`
    are those that no manifest names yet."""

    documents: int
    deleted: int
    names: tuple[str, ...]
    unsealed: frozenset[str]
    manifest: Manifest


def signature(path: Path | str) -> Signature | None:
    """What tells whether a file has changed; None if there is none."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def read_state(folder: Path, schema: str) -> State | None:
    """The newest commit; None if there is no index, or nothing was ever committed. ManifestError."""
    while True:
        raw = manifests.read_raw(folder)
        if raw is None:
            return None
        manifest = Manifest.from_bytes(raw)
        if manifest.schema != schema:
            raise ManifestError(f"made with {manifest.schema!r}, not {schema!r}")
        behind = is_behind(folder)
        try:
            meta = (folder / META).read_bytes()
        except FileNotFoundError:
            meta = None
        sealed = manifest.files.get(META)
        if meta is None and sealed is None:
            return None
        if meta is not None and (behind or sealed == FileSum(len(meta), zlib.crc32(meta))):
            return _state(meta, manifest)
        if not _is_newer(folder, raw) and (meta is None or not is_behind(folder)):
            raise ManifestError(f"{META} is {'missing' if meta is None else 'damaged'}")


def is_behind(folder: Path) -> bool:
    """Whether the manifest may be older than the index: a write is under way, or has died."""
    return (folder / _MARKER).exists()


def fall_behind(folder: Path) -> None:
    """Tell, durably, that the index is about to be newer than its manifest."""
    (folder / _MARKER).touch()
    manifests.sync_folder(folder)


def seal(folder: Path, schema: str, older: Manifest) -> Manifest:
    """Write the manifest of the index as it is now. Nobody may be writing it. Files of tantivy are
    durable already, and do not change: the sums of those in the `older` manifest are taken from it."""
    state = _state((folder / META).read_bytes(), older)
    files = {name: older.files.get(name) or _sum(folder / name) for name in state.names}
    files |= {name: _sum(folder / name) for name in _REWRITTEN}
    manifest = Manifest(schema, (), files)
    manifests.publish(folder, manifest)
    (folder / _MARKER).unlink(missing_ok=True)
    return manifest


def verify_file(folder: Path, name: str, state: State) -> None:
    """Compare a file of a commit with what was written. ManifestError; FileNotFoundError."""
    if name in state.unsealed:
        _verify_footer(folder / name)
    elif _sum(folder / name) != state.manifest.files[name]:
        raise ManifestError(f"{name} is damaged")


def verify_all(folder: Path, state: State) -> None:
    """Compare all files with what was written. ManifestError; FileNotFoundError."""
    for name in state.names:
        verify_file(folder, name, state)
    if not is_behind(folder):
        for name in _REWRITTEN:
            verify_file(folder, name, state)


def _state(meta: bytes, manifest: Manifest) -> State:
    try:
        segments = json.loads(meta)["segments"]
        names, documents, deleted = [], 0, 0
        for segment in segments:
            stem = segment["segment_id"].replace("-", "")
            names += [f"{stem}{ending}" for ending in _ENDINGS]
            documents += segment["max_doc"]
            if deletes := segment["deletes"]:
                names.append(f"{stem}.{deletes['opstamp']}.del")
                deleted += deletes["num_deleted_docs"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ManifestError(f"{META} is damaged ({error!r})") from error
    unsealed = frozenset(name for name in names if name not in manifest.files)
    return State(documents, deleted, tuple(names), unsealed, manifest)


def _is_newer(folder: Path, raw: bytes) -> bool:
    return manifests.read_raw(folder) != raw


def _verify_footer(path: Path) -> None:
    """Compare a file with the checksum that tantivy has put into its last bytes."""
    damaged = ManifestError(f"{path.name} is damaged")
    with path.open("rb") as file:
        size = file.seek(0, 2)
        if size < _TAIL_BYTES:
            raise damaged
        file.seek(size - _TAIL_BYTES)
        tail = file.read(_TAIL_BYTES)
        footer_bytes = int.from_bytes(tail[:4], "little")
        body_bytes = size - _TAIL_BYTES - footer_bytes
        if tail[4:] != _MAGIC or body_bytes < 0:
            raise damaged
        file.seek(body_bytes)
        try:
            expected = json.loads(file.read(footer_bytes))["crc"]
        except (ValueError, KeyError, TypeError) as error:
            raise damaged from error
    if _sum(path, body_bytes).crc32 != expected:
        raise damaged


def _sum(path: Path, size_bytes: int | None = None) -> FileSum:
    """The sum of a file, or of so many bytes at its beginning."""
    size, crc = 0, 0
    with path.open("rb") as file:
        while True:
            wanted = _CHUNK_BYTES if size_bytes is None else min(_CHUNK_BYTES, size_bytes - size)
            if not (chunk := file.read(wanted)):
                return FileSum(size, crc)
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
