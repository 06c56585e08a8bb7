"""The settings, and the one reader of the environment."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from dotenv import dotenv_values

from ecm.errors import SettingError

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True)
class Leases:
    """How long bytes are held for those who may come back for them, in seconds.

    `upload_s`: while receiving, renewed as bytes flow. `staged_s`: from staged to attached.
    `tus_s`: a paused resumable upload, since its last piece.
    """

    upload_s: float = 60
    staged_s: float = 3600
    tus_s: float = 86400


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. Addresses are URLs; see docs/settings.md for their forms."""

    data_dir: Path
    database_url: str
    storage_url: str
    search_url: str
    secret_key: str = field(repr=False)
    leases: Leases = Leases()
    log_level: str = "INFO"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read ``ECM_*`` from `environ`, by default from ``.env`` and over it the process's own.

        The secret key is made and kept in the data folder when it is not set. SettingError names a
        wrong value and what was expected.
        """
        if environ is None:
            dotenv = {name: value for name, value in dotenv_values(".env").items() if value is not None}
            environ = {**dotenv, **os.environ}
        data_dir = Path(environ.get("ECM_DATA_DIR") or "var").absolute()
        return cls(
            data_dir=data_dir,
            database_url=_url(environ, "ECM_DATABASE_URL", f"sqlite:///{data_dir}/ecm.db", _DATABASES),
            storage_url=_url(environ, "ECM_STORAGE_URL", f"file:{data_dir}/files", ("file:", "s3://")),
            search_url=_url(environ, "ECM_SEARCH_URL", f"whoosh:{data_dir}/index", ("whoosh:", "tantivy:")),
            secret_key=environ.get("ECM_SECRET_KEY") or _kept_secret(data_dir),
            leases=Leases(
                upload_s=_seconds(environ, "ECM_UPLOAD_LEASE_S", Leases.upload_s),
                staged_s=_seconds(environ, "ECM_STAGED_LEASE_S", Leases.staged_s),
                tus_s=_seconds(environ, "ECM_TUS_EXPIRES_S", Leases.tus_s),
            ),
            log_level=_log_level(environ),
        )


_DATABASES = ("sqlite:///", "postgresql+psycopg://")


def _url(environ: Mapping[str, str], name: str, default: str, schemes: tuple[str, ...]) -> str:
    value = environ.get(name) or default
    if not value.startswith(schemes) or value in schemes:
        raise SettingError(
            name, value, "an address like " + " or ".join(f"{scheme}..." for scheme in schemes)
        )
    return value


def _seconds(environ: Mapping[str, str], name: str, default: float) -> float:
    value = environ.get(name) or str(default)
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0
    if not 1 <= seconds <= 10**8:
        raise SettingError(name, value, "a number of seconds, 1 or more")
    return seconds


def _log_level(environ: Mapping[str, str]) -> str:
    value = (environ.get("ECM_LOG_LEVEL") or "INFO").upper()
    if value not in LOG_LEVELS:
        raise SettingError("ECM_LOG_LEVEL", value, "one of " + ", ".join(LOG_LEVELS))
    return value


def _kept_secret(data_dir: Path) -> str:
    path = data_dir / "secret_key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            # Written whole and linked into place: two processes that start at once agree on one key.
            draft = path.with_name(f"secret_key.{secrets.token_hex(8)}")
            descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(48))
                file.flush()
                os.fsync(descriptor)
            try:
                os.link(draft, path)
            except FileExistsError:
                return path.read_text()
            finally:
                os.unlink(draft)
        return path.read_text()
    except OSError as error:
        raise SettingError(
            "ECM_DATA_DIR", str(data_dir), f"a folder that can be written ({error.strerror})"
        ) from error
