"""Office documents, by LibreOffice where it is installed: made into a PDF, whose pages are drawn then."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from .families import OFFICE
from .interface import Undrawable

PAGES_MOST = 200
"""How many pages are made: a table of a hundred thousand rows would be thousands, for nobody to look at."""

_LAUNCHER = Path(__file__).with_name("launcher.py")
_NAMES = ("soffice", "libreoffice")
_MAC = "/Applications/LibreOffice.app/Contents/MacOS/soffice"
_RESTART = (79, 81)  # "start me once more", said after it has made its profile
_STARTS_MOST = 3
_PROFILE_SETTINGS = (
    ("org.openoffice.Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("org.openoffice.Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("org.openoffice.Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("org.openoffice.Office.Writer/Content/Update", "Link", "2"),  # never
    ("org.openoffice.Office.Calc/Content/Update", "Link", "2"),
)
_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
{items}
</oor:items>
"""
_PROFILE_ITEM = (
    '<item oor:path="/{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
)


class OfficeConverter:
    """Makes PDFs of office documents, each in a process of its own with a profile of its own.

    No macros, no network (on Linux), nothing linked is fetched. ``time_limit_s`` is wall time for one
    document, ``memory_limit_bytes`` the address space. Thread-safe. Close it to stop what is under way.
    """

    def __init__(self, time_limit_s: float = 60.0, memory_limit_bytes: int = 2 * 1024**3) -> None:
        self._time_limit_s = time_limit_s
        self._memory_limit_bytes = memory_limit_bytes
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()

    def convert(self, document: Path, media_type: str, folder: Path) -> Path:
        """Make a PDF of the first pages of a document, in ``folder``, which is for this alone. Returns its
        path. Raises `Undrawable`: ``office_missing`` where LibreOffice is not installed."""
        program = find_office()
        if program is None:
            raise Undrawable(
                "office_missing", "install LibreOffice (writer, calc and impress) to see such files"
            )
        ending, part = OFFICE[media_type]
        source, out = folder / f"document.{ending}", folder / "out"
        _write_profile(folder / "profile")
        out.mkdir()
        shutil.copyfile(document, source)
        pages = f'{{"PageRange":{{"type":"string","value":"1-{PAGES_MOST}"}}}}'
        arguments = [
            f"-env:UserInstallation={(folder / 'profile').absolute().as_uri()}",
            "--headless",
            "--norestore",
            "--nolockcheck",
            "--convert-to",
            f"pdf:{part}_pdf_Export:{pages}",
            "--outdir",
            str(out),
            str(source),
        ]
        self._run([program, *arguments], folder)
        made = out / "document.pdf"
        if not made.is_file():
            raise Undrawable("not_converted", "the file is damaged, or protected by a password")
        return made

    def _run(self, command: list[str], folder: Path) -> None:
        deadline = time.monotonic() + self._time_limit_s
        for _ in range(_STARTS_MOST):
            returncode = self._run_once(command, folder, deadline)
            if returncode not in _RESTART:
                break
        if returncode == -signal.SIGXCPU:
            raise _too_slow()
        if returncode < 0:
            raise Undrawable("crashed", "LibreOffice crashed on the file")

    def _run_once(self, command: list[str], folder: Path, deadline: float) -> int:
        with self._started(command, folder) as process:
            try:
                return process.wait(deadline - time.monotonic())
            except subprocess.TimeoutExpired:
                raise _too_slow() from None

    @contextlib.contextmanager
    def _started(self, command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
        """The program, running; at the end it is killed with all that it started, whatever happened."""
        limits = [os.getpid(), self._memory_limit_bytes, self._time_limit_s]
        process = subprocess.Popen(
            [sys.executable, "-P", str(_LAUNCHER), *map(str, limits), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=_environment(folder),
            start_new_session=True,
        )
        with self._lock:
            self._running.add(process)
        try:
            yield process
        finally:
            with self._lock:
                self._running.discard(process)
            _kill(process)

    def close(self) -> None:
        """Kill what is under way: its callers get `Undrawable`. Twice is allowed."""
        with self._lock:
            for process in self._running:
                _kill_group(process)


def find_office() -> str | None:
    """The path of LibreOffice's program; None where it is not installed."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        return _MAC if os.access(_MAC, os.X_OK) else None
    # What is in the PATH is a script, which starts a second process, which starts this one.
    program = Path(found).resolve().with_name("soffice.bin")
    return str(program) if os.access(program, os.X_OK) else found


def _write_profile(profile: Path) -> None:
    (profile / "user").mkdir(parents=True)
    items = "\n".join(
        _PROFILE_ITEM.format(path=path, name=name, value=value) for path, name, value in _PROFILE_SETTINGS
    )
    (profile / "user/registrymodifications.xcu").write_text(_PROFILE.format(items=items), encoding="utf-8")


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return {
        **kept,
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LC_ALL": "C.UTF-8",
        "SAL_USE_VCLPLUGIN": "svp",
    }


def _too_slow() -> Undrawable:
    return Undrawable("time_limit", "LibreOffice took longer over the file than is allowed")


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all that it started, and wait for its end."""
    if process.returncode is None:
        _kill_group(process)
    process.wait()
