"""The command `ecm import`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

from ecm.access import Actor
from ecm.app import Ecm
from ecm.cli.library import find_actor, with_library
from ecm.cli.options import as_json, as_user, of_kind
from ecm.console import Progress, print_json, print_table
from ecm.errors import Invalid
from ecm.importing import columns
from ecm.importing.imports import DUPLICATES, PREVIEWED_ROWS, Imports
from ecm.importing.running import ImportRunner
from ecm.models import Import

LOOK_EVERY_S: Final = 0.5
"""To count an import's rows takes the longer the more there are."""


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@of_kind
@click.option("--map", "maps", multiple=True, metavar="COLUMN=FIELD", help="An empty FIELD leaves it out.")
@click.option("--duplicates", type=click.Choice(DUPLICATES), default="skip", show_default=True)
@click.option("--dry-run", is_flag=True, help="Only tell what would happen, in the order of the table.")
@as_user
@as_json
@with_library
def import_table(
    app: Ecm, file: Path, kind: str, maps: Sequence[str], duplicates: str, dry_run: bool, email: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Make cards of the rows of a CSV or Excel FILE. Exits with 1 when rows were refused."""
    who = find_actor(app, email)
    with app.begin(who) as tx:
        given = tx.imports.read(kind, file, file.name)
        tx.imports.update(given, mapping=_mapping(given, maps), duplicates=duplicates)
        id = given.id
    if dry_run:
        try:
            counts, errors = _try_all(app, who, id)
        finally:
            with app.begin(who) as tx:
                tx.imports.delete(tx.imports.get(id))
    else:
        counts, errors = _run(app, who, id)
    if as_json:
        print_json({"import": None if dry_run else str(id), **counts, "errors": errors})
    else:
        for each in errors:
            click.echo(f"row {each['row']}: {each['column'] or each['field']}: {each['reason']}", err=True)
        print_table(tuple(counts), [tuple(map(str, counts.values()))])
    if counts["refused"]:
        raise click.exceptions.Exit(1)


def _run(app: Ecm, who: Actor, id: int) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Start an import and work on it, beside any worker, until it is done."""
    with app.begin(who) as tx:
        tx.imports.start(tx.imports.get(id))
    runner, look_at = ImportRunner(app.database), 0.0
    with Progress("import", None) as progress:
        while True:
            worked = runner.work()
            if worked and time.monotonic() < look_at:
                continue
            with app.begin(who) as tx:
                given = tx.imports.get(id)
                done = tx.imports.progress(given)
                progress.reach(done.done, done.total)
                if given.state == "done":
                    return _counts(done), list(_refused(tx.imports, given))
            look_at = time.monotonic() + LOOK_EVERY_S
            if not worked:  # somebody else is at it
                time.sleep(LOOK_EVERY_S)


def _try_all(app: Ecm, who: Actor, id: int) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """What would become of all rows."""
    counts = {"total": 0, "made": 0, "updated": 0, "skipped": 0, "refused": 0}
    errors: list[dict[str, Any]] = []
    after = 0
    with Progress("dry run", None) as progress:
        while True:
            with app.begin(who) as tx:
                given = tx.imports.get(id)
                rows = tx.imports.preview(given, after=after)
            for row in rows:
                counts["total"] += 1
                counts[row.outcome.state] += 1
                errors += _errors(given, row.number, row.outcome.errors)
            progress.reach(counts["total"], given.rows_total)
            if len(rows) < PREVIEWED_ROWS:
                return counts, errors
            after = rows[-1].number


def _refused(imports: Imports, given: Import) -> Iterator[dict[str, Any]]:
    page = 1
    while rows := imports.rows(given, page=page, per_page=1000).items:
        for row in rows:
            yield from _errors(given, row.number, row.errors)
        page += 1


def _errors(given: Import, number: int, errors: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "row": number,
            "field": field,
            "column": columns.column_of(given.header, given.mapping, field),
            "reason": reason,
        }
        for field, reason in errors
    ]


def _counts(done: Any) -> dict[str, int]:
    return {name: getattr(done, name) for name in ("total", "made", "updated", "skipped", "refused")}


def _mapping(given: Import, maps: Sequence[str]) -> list[str | None]:
    mapping = list(given.mapping)
    for each in maps:
        column, _, target = each.rpartition("=")
        if column not in given.header:
            raise Invalid("map", f"one of the columns {', '.join(given.header)}")
        mapping[given.header.index(column)] = target or None
    return mapping
