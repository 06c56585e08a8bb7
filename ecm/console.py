"""What the command shows: progress on a terminal and plain lines elsewhere, tables, sizes."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import click
from rich import progress as bars
from rich.console import Console
from rich.table import Table

from ecm.storage.interface import Source


class Progress:
    """A bar on a terminal's standard error, nothing elsewhere. `total` is of bytes or things, or None."""

    def __init__(self, title: str, total: int | None) -> None:
        console = Console(stderr=True)
        self._bar = bars.Progress(
            bars.TextColumn("{task.description}"),
            bars.BarColumn(),
            bars.TaskProgressColumn(),
            bars.TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task(title, total=total)

    def advance(self, by: int) -> None:
        """So much more is done."""
        self._bar.advance(self._task, by)

    def reach(self, done: int, total: int | None = None) -> None:
        """So much is done in all; of a `total` that may have become known only now."""
        self._bar.update(self._task, completed=done, total=total)

    def reading(self, source: Source) -> Source:
        """The source, with what is read from it shown."""
        return _Shown(source, self)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()


class _Shown:
    def __init__(self, source: Source, progress: Progress) -> None:
        self._source = source
        self._progress = progress

    def read(self, size: int, /) -> bytes:
        chunk = self._source.read(size)
        self._progress.advance(len(chunk))
        return chunk


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on a terminal, lines with tabs elsewhere."""
    if not sys.stdout.isatty():
        for row in rows:
            sys.stdout.write("\t".join(row) + "\n")
        return
    table = Table(*headings, box=None)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def human_size(size_bytes: int | None) -> str:
    """A size for people: a megabyte is 1 048 576 bytes. None is unlimited."""
    if size_bytes is None:
        return "unlimited"
    if size_bytes < 1024:
        return f"{size_bytes} B"
    size = float(size_bytes)
    for unit in ("KB", "MB", "GB", "TB"):
        size /= 1024
        if size < 1024 or unit == "TB":
            return f"{size:.1f} {unit}"
    raise AssertionError("unreachable")


def print_json(value: object) -> None:
    """Print a value for a program to read, on one line."""
    click.echo(json.dumps(value, ensure_ascii=False, default=str))
