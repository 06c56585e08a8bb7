"""Folders of companies' indexes under one folder: their names, the lock of whoever writes, and their end."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import manifest as manifests
from .errors import IndexBusy
from .locks import LockTimeout, locked
from .segments import encode


class CompanyFolders:
    """The folders of all companies. A writer waits `lock_timeout_s` for another one."""

    def __init__(self, folder: Path, lock_timeout_s: float) -> None:
        self._folder = Path(folder)
        self._lock_timeout_s = lock_timeout_s

    def path(self, company: str) -> Path:
        """Where a company's index is; it need not be there."""
        return self._folder / _name(company)

    def lock_path(self, company: str) -> Path:
        """The file that whoever writes the index holds a lock on: beside the index, which may be deleted."""
        return self._folder / f"{_name(company)}.lock"

    @contextmanager
    def locked(self, company: str) -> Iterator[Path]:
        """Hold the right to write, across threads and processes. IndexBusy; OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            with locked(self.lock_path(company), self._lock_timeout_s):
                yield self.path(company)
        except LockTimeout as error:
            raise IndexBusy(f"the index of company {company} is being written") from error

    def delete(self, company: str) -> None:
        """Delete an index whose lock is held, and what a killed process has left of others. OSError."""
        path, dropped = self.path(company), self._folder / ".dropped"
        dropped.mkdir(exist_ok=True)
        if path.exists():
            path.rename(dropped / secrets.token_hex(8))
            manifests.sync_folder(self._folder)
        for doomed in dropped.iterdir():
            shutil.rmtree(doomed, ignore_errors=True)
        self.lock_path(company).unlink(missing_ok=True)


def _name(company: str) -> str:
    """A plain name that no two companies share, also where upper and lower case are one."""
    return re.sub(rb"[^a-z0-9_-]", lambda match: b"%%%02X" % match[0][0], encode(company)).decode() or "%"
