"""The commands of cards: `ecm card`, `ecm import`, `ecm pipeline`, `ecm field`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from ecm.access import Actor
from ecm.app import Ecm
from ecm.cards.conditions import Condition
from ecm.cards.conversion_drafts import TARGETS, Target
from ecm.cards.kinds import CUSTOM, KINDS
from ecm.cards.lists import NEWEST
from ecm.cards.pipelines import NewStage
from ecm.cli.library import find_actor, with_library
from ecm.cli.options import as_json, as_user
from ecm.console import Progress, print_json, print_table
from ecm.errors import Invalid
from ecm.importing import columns
from ecm.importing.imports import DUPLICATES, PREVIEWED_ROWS, Imports
from ecm.importing.running import ImportRunner
from ecm.models import Card, Import
from ecm.unit_of_work import UnitOfWork

KIND = click.Choice(list(KINDS))
MOVING = click.Choice(["deal", "lead"])
of_kind = click.option("--kind", required=True, type=KIND, help="Which kind of card.")
SETS = click.option(
    "--set", "values", multiple=True, metavar="FIELD=VALUE", help="A field; fields.KEY is custom."
)


@click.group()
def card() -> None:
    """Deals, leads, contacts and organizations."""


@card.command("add")
@click.argument("kind", type=KIND)
@SETS
@as_user
@as_json
@with_library
def add(app: Ecm, kind: str, values: Sequence[str], email: str, as_json: bool) -> None:
    """Add a card of a KIND, with fields such as --set title=NAME. The last line is its id, alone."""
    with app.begin(find_actor(app, email)) as tx:
        told = _told(values)
        title = () if kind == "contact" else (told.pop("title", ""),)
        made = _room(tx, kind).add(*title, **told)
        if as_json:
            return print_json(_show(tx, made))
        click.echo(made.id)


@card.command("show")
@click.argument("id")
@as_user
@as_json
@with_library
def show(app: Ecm, id: str, email: str, as_json: bool) -> None:
    """Show a card."""
    with app.begin(find_actor(app, email)) as tx:
        shown = _show(tx, tx.cards.get(id, kind=tx.cards.get(id).kind))
    if as_json:
        return print_json(shown)
    print_table(
        ("field", "value"), [(name, str(value)) for name, value in shown.items() if value is not None]
    )


@card.command("list")
@click.argument("kind", type=KIND)
@click.option("--filter", "filters", multiple=True, metavar="FIELD:HOW:VALUE", help="Such as amount:ge:1000.")
@click.option("--sort", default=NEWEST, metavar="FIELD", help="A minus before it: from the greatest.")
@click.option("--page", default=1, show_default=True)
@as_user
@as_json
@with_library
def list_cards(
    app: Ecm, kind: str, filters: Sequence[str], sort: str, page: int, email: str, as_json: bool
) -> None:
    """List cards of a KIND."""
    conditions = [Condition.parse(each) for each in filters]
    with app.begin(find_actor(app, email)) as tx:
        found = tx.lists.find(kind, conditions, sort=sort, page=page, per_page=50)
        if as_json:
            return print_json({"items": [_show(tx, each) for each in found], "total": found.total})
        print_table(("id", "title"), [(str(each.id), each.title) for each in found])


@card.command("move")
@click.argument("id")
@click.argument("stage")
@click.option("--reason", help="Why a deal is lost, or a lead junk.")
@as_user
@with_library
def move(app: Ecm, id: str, stage: str, reason: str | None, email: str) -> None:
    """Bring a deal or a lead to a STAGE of its pipeline, by the stage's code."""
    with app.begin(find_actor(app, email)) as tx:
        kind = tx.cards.get(id).kind
        if kind not in ("deal", "lead"):
            raise Invalid("id", "a deal or a lead")
        tx.stages.move(_room(tx, kind).get(id), stage, reason=reason)


@card.command("convert")
@click.argument("id")
@click.option("--to", "kinds", multiple=True, required=True, type=click.Choice(TARGETS), help="What to make.")
@click.option("--pipeline", help="The deal's pipeline, by its code.")
@click.option("--anyway", is_flag=True, help="Make them although there are such ones already.")
@SETS
@as_user
@as_json
@with_library
def convert(
    app: Ecm, id: str, kinds: Sequence[str], pipeline: str | None, anyway: bool, values: Sequence[str],
    email: str, as_json: bool,
) -> None:  # fmt: skip
    """Convert a lead. What it lacks is set by --set, the kind before the field: contact.phones=..."""
    told: dict[str, dict[str, object]] = {kind: {} for kind in kinds}
    for each in values:
        name, _, value = each.partition("=")
        kind, _, field = name.partition(".")
        if kind not in told or not field:
            raise Invalid("set", f"one of {', '.join(kinds)}, a point, and a field: {name}")
        told[kind][field] = [value] if field in columns.SEVERAL else value
    targets = {
        kind: Target(values=told[kind], pipeline=pipeline if kind == "deal" else None, create_anyway=anyway)
        for kind in kinds
    }
    with app.begin(find_actor(app, email)) as tx:
        made = tx.conversions.convert(tx.leads.get(id), targets)
        ids = {kind: str(getattr(made, f"{kind}_id")) for kind in kinds}
    if as_json:
        return print_json(ids)
    print_table(("kind", "id"), list(ids.items()))


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


@click.group()
def pipeline() -> None:
    """The ways that deals and leads move along."""


@pipeline.command("list")
@as_user
@as_json
@with_library
def list_pipelines(app: Ecm, email: str, as_json: bool) -> None:
    """List the pipelines with their stages."""
    with app.begin(find_actor(app, email)) as tx:
        found = [
            {
                "id": str(each.id),
                "kind": each.card_kind,
                "code": each.code,
                "name": each.name,
                "stages": [stage.code for stage in each.stages if stage.archived_at is None],
            }
            for kind in ("deal", "lead")
            for each in tx.pipelines.list(kind)
        ]
    if as_json:
        return print_json(found)
    print_table(
        ("kind", "code", "name", "stages"),
        [(row["kind"], row["code"], row["name"], " ".join(row["stages"])) for row in found],  # type: ignore[misc]
    )


@pipeline.command("add")
@click.argument("kind", type=MOVING)
@click.argument("name")
@click.option(
    "--stage", "stages", multiple=True, required=True, metavar="NAME[=OUTCOME]",
    help="In their order; won and lost end a deal, quality and junk a lead.",
)  # fmt: skip
@click.option("--code", help="Made of the name when it is left out.")
@as_user
@with_library
def add_pipeline(app: Ecm, kind: str, name: str, stages: Sequence[str], code: str | None, email: str) -> None:
    """Add a pipeline. The last line is its code, alone."""
    new = [NewStage(each.partition("=")[0], outcome=each.partition("=")[2] or None) for each in stages]
    with app.begin(find_actor(app, email)) as tx:
        click.echo(tx.pipelines.add(kind, name, new, code=code).code)


@click.group()
def field() -> None:
    """Custom fields."""


@field.command("list")
@of_kind
@as_user
@as_json
@with_library
def list_fields(app: Ecm, kind: str, email: str, as_json: bool) -> None:
    """List the custom fields of a kind of card."""
    with app.begin(find_actor(app, email)) as tx:
        found = [
            {"id": str(each.id), "key": each.key, "name": each.name, "type": each.type}
            for each in tx.fields.list(kind)
        ]
    if as_json:
        return print_json(found)
    print_table(("key", "type", "name"), [(each["key"], each["type"], each["name"]) for each in found])


@field.command("add")
@click.argument("name")
@of_kind
@click.option("--type", "type", required=True, help="Such as text, number, money, date, list.")
@click.option("--key", help="Made of the name when it is left out.")
@click.option("--option", "options", multiple=True, help="What can be chosen in a list.")
@click.option("--multiple", is_flag=True, help="Several can be chosen.")
@click.option("--required", is_flag=True)
@as_user
@with_library
def add_field(
    app: Ecm, name: str, kind: str, type: str, key: str | None, options: Sequence[str], multiple: bool,
    required: bool, email: str,
) -> None:  # fmt: skip
    """Add a custom field. The last line is its key, alone."""
    with app.begin(find_actor(app, email)) as tx:
        made = tx.fields.add(kind, name, type, key=key, options=options, multiple=multiple, required=required)
        click.echo(made.key)


def _run(app: Ecm, who: Actor, id: int) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Start an import and work on it, beside any worker, until it is done."""
    with app.begin(who) as tx:
        tx.imports.start(tx.imports.get(id))
    runner = ImportRunner(app.database)
    with Progress("import", None) as progress:
        while True:
            runner.work()
            with app.begin(who) as tx:
                given = tx.imports.get(id)
                done = tx.imports.progress(given)
                progress.reach(done.done, done.total)
                if given.state == "done":
                    return _counts(done), list(_refused(tx.imports, given))


def _try_all(app: Ecm, who: Actor, id: int) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """What would become of all rows."""
    counts = {"total": 0, "made": 0, "updated": 0, "skipped": 0, "refused": 0}
    errors: list[dict[str, Any]] = []
    after = 0
    while True:
        with app.begin(who) as tx:
            given = tx.imports.get(id)
            rows = tx.imports.preview(given, after=after)
        for row in rows:
            counts["total"] += 1
            counts[row.outcome.state] += 1
            errors += _errors(given, row.number, row.outcome.errors)
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


def _told(values: Sequence[str]) -> dict[str, Any]:
    """The fields of --set, as rooms take them; phones and e-mails may be told several times."""
    told: dict[str, Any] = {}
    for each in values:
        name, sign, value = each.partition("=")
        if not sign:
            raise Invalid("set", f"FIELD=VALUE, not {each}")
        if name.startswith(CUSTOM):
            told.setdefault("fields", {})[name.removeprefix(CUSTOM)] = value
        elif name in columns.SEVERAL:
            told.setdefault(name, []).append(value)
        else:
            told[f"{name}_id" if name in ("owner", "team") else name] = value
    return told


def _show(tx: UnitOfWork, card: Card) -> Mapping[str, object]:
    values = tx.cards.values(card)
    return {"id": str(card.id), "kind": card.kind, "title": card.title, **values}


def _room(tx: UnitOfWork, kind: str) -> Any:
    return {
        "deal": tx.deals, "lead": tx.leads, "contact": tx.contacts, "organization": tx.organizations
    }[kind]  # fmt: skip
