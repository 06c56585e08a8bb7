"""The commands of cards: `ecm card`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from ecm.app import Ecm
from ecm.cards.conditions import Condition
from ecm.cards.conversion_drafts import TARGETS, Target
from ecm.cards.conversions import Plan
from ecm.cards.kinds import CUSTOM
from ecm.cards.lists import NEWEST
from ecm.cli.library import find_actor, with_library
from ecm.cli.options import KIND, as_json, as_user
from ecm.console import print_json, print_table
from ecm.errors import Invalid
from ecm.importing import columns
from ecm.models import Card
from ecm.unit_of_work import UnitOfWork

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


@card.command("change")
@click.argument("id")
@SETS
@as_user
@with_library
def change(app: Ecm, id: str, values: Sequence[str], email: str) -> None:
    """Change fields of a card; an empty VALUE clears one."""
    with app.begin(find_actor(app, email)) as tx:
        room = _room(tx, tx.cards.get(id).kind)
        room.update(room.get(id), **_told(values))


@card.command("delete")
@click.argument("id")
@click.option("--trash-documents", is_flag=True, help="Those that are on no other card go to the trash.")
@as_user
@with_library
def delete(app: Ecm, id: str, trash_documents: bool, email: str) -> None:
    """Delete a card."""
    with app.begin(find_actor(app, email)) as tx:
        tx.cards.delete(tx.cards.get(id), trash_documents=trash_documents)


@card.command("comment")
@click.argument("id")
@click.argument("text")
@as_user
@with_library
def comment(app: Ecm, id: str, text: str, email: str) -> None:
    """Write TEXT into the timeline of a card."""
    with app.begin(find_actor(app, email)) as tx:
        tx.timeline.comment(tx.cards.get(id), text)


@card.command("timeline")
@click.argument("id")
@click.option("--before", metavar="ENTRY", help="Only what is older than this entry.")
@as_user
@as_json
@with_library
def timeline(app: Ecm, id: str, before: str | None, email: str, as_json: bool) -> None:
    """Tell what happened on a card, the newest first, fifty entries at a time."""
    with app.begin(find_actor(app, email)) as tx:
        page = tx.timeline.list(tx.cards.get(id), before=before)
        people = tx.users.names({each.user_id for each in page.items})
        found = [
            {
                "id": str(each.id),
                "at": each.at.isoformat(),
                "by": people.get(each.user_id or 0),
                "kind": each.kind,
                "facts": each.facts,
            }
            for each in page.items
        ]
    if as_json:
        following = None if page.next_before is None else str(page.next_before)
        return print_json({"items": found, "next_before": following})
    print_table(
        ("id", "at", "by", "what"),
        [(str(each["id"]), str(each["at"]), str(each["by"] or ""), str(each["kind"])) for each in found],
    )


@card.command("convert")
@click.argument("id")
@click.option("--to", "kinds", multiple=True, type=click.Choice(TARGETS), help="What to make.")
@click.option("--use", "used", multiple=True, metavar="KIND=ID", help="A card that is there, to be joined.")
@click.option("--pipeline", help="The deal's pipeline, by its code.")
@click.option("--stage", help="The deal's first stage, by its code.")
@click.option("--anyway", is_flag=True, help="Make them although there are such ones already.")
@click.option("--key", help="Of the request: with the same one it is done once.")
@click.option("--dry-run", is_flag=True, help="Only tell what is missing, and which cards are there already.")
@SETS
@as_user
@as_json
@with_library
def convert(
    app: Ecm, id: str, kinds: Sequence[str], used: Sequence[str], pipeline: str | None, stage: str | None,
    anyway: bool, key: str | None, dry_run: bool, values: Sequence[str], email: str, as_json: bool,
) -> None:  # fmt: skip
    """Convert a lead. What it lacks is set by --set, the kind before the field: contact.phones=..."""
    targets = {kind: Target(existing=card) for kind, card in map(_used, used)}
    for kind, told in _told_of(kinds, values).items():
        way = (pipeline, stage) if kind == "deal" else (None, None)
        targets[kind] = Target(values=told, pipeline=way[0], stage=way[1], create_anyway=anyway)
    with app.begin(find_actor(app, email)) as tx:
        lead = tx.leads.get(id)
        if dry_run:
            return _print_plan(tx.conversions.plan(lead, targets), as_json=as_json)
        made = tx.conversions.convert(lead, targets, key=key)
        ids = {kind: str(getattr(made, f"{kind}_id")) for kind in targets}
    if as_json:
        return print_json(ids)
    print_table(("kind", "id"), list(ids.items()))


def _used(told: str) -> tuple[str, str]:
    kind, _, id = told.partition("=")
    if kind not in TARGETS or not id:
        raise Invalid("use", f"one of {', '.join(TARGETS)}, an equals sign, and the id of a card: {told}")
    return kind, id


def _told_of(kinds: Sequence[str], values: Sequence[str]) -> dict[str, dict[str, object]]:
    """What --set says of each new card."""
    told: dict[str, dict[str, object]] = {kind: {} for kind in kinds}
    for each in values:
        name, _, value = each.partition("=")
        kind, _, field = name.partition(".")
        if kind not in told or not field:
            raise Invalid("set", f"one of {', '.join(kinds)}, a point, and a field: {name}")
        told[kind][field] = [value] if field in columns.SEVERAL else value
    return told


def _print_plan(plan: Plan, *, as_json: bool) -> None:
    missing = [f"{each.kind}.{each.field}" for each in plan.missing]
    wrong = [f"{each.field}: {each.reason}" for each in plan.wrong]
    duplicates = [
        {"kind": kind, "id": str(each.card.id), "title": each.card.title}
        for kind, found in plan.duplicates.items()
        for each in found
    ]
    if as_json:
        return print_json({"missing": missing, "wrong": wrong, "duplicates": duplicates})
    print_table(
        ("what", "which"),
        [
            *(("missing", each) for each in missing),
            *(("wrong", each) for each in wrong),
            *(("there already", f"{each['kind']} {each['id']} {each['title']}") for each in duplicates),
        ],
    )


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
