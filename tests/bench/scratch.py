"""Where benchmarks put their files: on a real disk, in a folder that goes away afterwards."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

MEMORY_FILESYSTEMS = ("tmpfs", "ramfs")
ROOT = Path(__file__).resolve().parent.parent.parent
GIB = 1024**3
BLOCK_BYTES = 8 * 1024 * 1024


@contextmanager
def scratch_folder(needed_bytes: int) -> Iterator[Path]:
    """A new folder on a disk with so much room, removed at the end. RuntimeError where there is none."""
    places = [Path(tempfile.gettempdir()), Path("/var/tmp"), ROOT / "build"]
    for place in places:
        if place.parent.is_dir() and is_disk(place) and room_bytes(place) > needed_bytes:
            place.mkdir(exist_ok=True)
            with tempfile.TemporaryDirectory(prefix="ecm-bench-", dir=place) as folder:
                yield Path(folder)
            return
    asked = ", ".join(map(str, places))
    raise RuntimeError(f"no disk with {needed_bytes / GIB:.1f} GiB of room in any of {asked}")


def is_disk(place: Path) -> bool:
    """Whether files there are on a disk rather than in memory, where an fsync costs nothing."""
    return filesystem(place) not in MEMORY_FILESYSTEMS


def filesystem(place: Path) -> str:
    """The type of the filesystem that a path is, or would be, on."""
    path = place.resolve()
    mounts = {Path(each.mountpoint): each.fstype for each in psutil.disk_partitions(all=True)}
    for above in (path, *path.parents):
        if above in mounts:
            return mounts[above]
    return "unknown"


def room_bytes(place: Path) -> int:
    """How much may still be written there."""
    existing = place if place.exists() else place.parent
    return shutil.disk_usage(existing).free


def write_file(path: Path, size_bytes: int) -> Path:
    """A file of random bytes, in the system's cache and on the disk when this returns."""
    block = os.urandom(BLOCK_BYTES)
    with path.open("wb") as file:
        for start in range(0, size_bytes, BLOCK_BYTES):
            file.write(block[: size_bytes - start])
        file.flush()
        os.fsync(file.fileno())
    return path
