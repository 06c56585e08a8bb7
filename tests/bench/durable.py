"""The least that must be done to keep bytes: what the library is compared with."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Protocol

CHUNK_BYTES = 256 * 1024


class Readable(Protocol):
    """Whatever gives bytes."""

    def read(self, size: int, /) -> bytes: ...


def write_durably(source: Readable, path: Path) -> str:
    """Hash and write all of a source beside `path`, fsync, rename to it, fsync the folder. The SHA-256."""
    digest = hashlib.sha256()
    draft = path.with_name(f".{path.name}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    try:
        while chunk := source.read(CHUNK_BYTES):
            digest.update(chunk)
            os.write(file, chunk)
        os.fsync(file)
    finally:
        os.close(file)
    os.rename(draft, path)
    sync_folder(path.parent)
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
