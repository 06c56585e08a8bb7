"""Debian packages for a machine that lacks them: installed where we may, else unpacked beside the project."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

ERROR_CHARS = 400


class Unavailable(Exception):
    """A package cannot be had here; the message says why in one line."""


def install(*packages: str) -> None:
    """Install packages for the whole machine, as root or by a sudo that asks nothing. Unavailable."""
    prefix = _privilege()
    if prefix is None:
        raise Unavailable("not root, and sudo asks for a password or is not there")
    _require_apt()
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]
    command = [*apt, "install", "--yes", "--no-install-recommends", *packages]
    # Fresh images come without lists of packages, old ones with stale lists: both fail, then succeed.
    if not _succeeds(command):
        _run([*apt, "update"])
        _run(command)


def unpack(folder: Path, *packages: str) -> None:
    """Download packages with what they depend on, and unpack them under `folder`. Unavailable.

    It needs no privilege, for nothing is installed: scripts and the linker's cache are the caller's care.
    """
    _require_apt()
    with tempfile.TemporaryDirectory(prefix="ecm-apt-") as name:
        scratch = Path(name)
        # The machine's own lists may be missing, and only root may fetch or lock them: these are ours.
        archives = scratch / "cache" / "archives"
        for place in (scratch / "lists", archives):
            (place / "partial").mkdir(parents=True)
        apt = [
            "apt-get",
            "-q",
            "-o",
            f"Dir::State::Lists={scratch}/lists",
            "-o",
            f"Dir::Cache={scratch}/cache",
        ]
        apt += ["-o", "Debug::NoLocking=true"]
        if os.geteuid() == 0:
            # As root apt steps down to a user who could not enter the folder.
            apt += ["-o", "APT::Sandbox::User=root"]
        _run([*apt, "update"])
        _run([*apt, "install", "--download-only", "--yes", "--no-install-recommends", *packages])
        folder.mkdir(parents=True, exist_ok=True)
        for archive in sorted(archives.glob("*.deb")):
            _run(["dpkg", "-x", str(archive), str(folder)])


@functools.cache
def _privilege() -> tuple[str, ...] | None:
    """What to write before a command that only root may run; None where we may not."""
    if os.geteuid() == 0:
        return ()
    if shutil.which("sudo") and _succeeds(["sudo", "-n", "true"]):
        return ("sudo", "-n")
    return None


def _require_apt() -> None:
    if not shutil.which("apt-get"):
        raise Unavailable("this machine has no apt-get")


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False).returncode == 0


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = done.stdout.strip().splitlines() or ["no output"]
        errors = [line for line in lines if line.startswith(("E:", "dpkg"))] or lines[-1:]
        raise Unavailable(
            f"`{' '.join(command[:1])} ... {command[-1]}` failed: {' '.join(errors)[:ERROR_CHARS]}"
        )
