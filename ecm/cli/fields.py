"""The commands of what cards are made of: `ecm pipeline`, `ecm field`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from ecm.app import Ecm
from ecm.cards.kinds import CUSTOM
from ecm.cards.pipelines import NewStage
from ecm.cli.library import find_actor, with_library
from ecm.cli.options import as_json, as_user, of_kind
from ecm.console import print_json, print_table
from ecm.models import Stage
from ecm.unit_of_work import UnitOfWork

MOVING = click.Choice(["deal", "lead"])
FROM_STAGE = click.option("--stage", metavar="PIPELINE/STAGE", help="From this stage on; else always.")


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
        found: list[dict[str, Any]] = [
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
        [(row["kind"], row["code"], row["name"], " ".join(row["stages"])) for row in found],
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


@field.command("require")
@click.argument("name")
@of_kind
@FROM_STAGE
@as_user
@with_library
def require(app: Ecm, name: str, kind: str, stage: str | None, email: str) -> None:
    """Require a field of all cards of a kind; NAME is as in lists, fields.KEY a custom one."""
    with app.begin(find_actor(app, email)) as tx:
        tx.requirements.require(kind, name, _stage(tx, kind, stage))


@field.command("release")
@click.argument("name")
@of_kind
@FROM_STAGE
@as_user
@with_library
def release(app: Ecm, name: str, kind: str, stage: str | None, email: str) -> None:
    """Require a field no longer."""
    with app.begin(find_actor(app, email)) as tx:
        tx.requirements.release(kind, name, _stage(tx, kind, stage))


@field.command("archive")
@click.argument("key")
@of_kind
@as_user
@with_library
def archive(app: Ecm, key: str, kind: str, email: str) -> None:
    """Put a custom field out of use; cards keep what they have in it."""
    with app.begin(find_actor(app, email)) as tx:
        tx.fields.archive(tx.fields.by_key(kind, key.removeprefix(CUSTOM)))


@field.command("restore")
@click.argument("key")
@of_kind
@as_user
@with_library
def restore(app: Ecm, key: str, kind: str, email: str) -> None:
    """Bring an archived field back."""
    with app.begin(find_actor(app, email)) as tx:
        tx.fields.restore(tx.fields.by_key(kind, key.removeprefix(CUSTOM), archived=True))


def _stage(tx: UnitOfWork, kind: str, told: str | None) -> Stage | None:
    if told is None:
        return None
    pipeline, _, code = told.rpartition("/")
    chosen = tx.pipelines.get(pipeline, kind=kind) if pipeline else tx.pipelines.default(kind)
    return tx.pipelines.stage(chosen, code)
