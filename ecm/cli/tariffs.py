"""Tariffs, and what companies use of them."""

from __future__ import annotations

import click

from ecm.app import Ecm
from ecm.cli.library import list_companies, with_library
from ecm.cli.options import as_json, of_company
from ecm.console import human_size, print_json, print_table


@click.group()
def tariff() -> None:
    """Tariffs."""


@tariff.command("list")
@as_json
@with_library
def tariff_list(app: Ecm, as_json: bool) -> None:
    """List the tariffs."""
    with app.begin() as tx:
        tariffs = tx.tariffs.list()
    if as_json:
        return print_json(
            [{"code": each.code, "scope": each.scope, "limit_bytes": each.limit_bytes} for each in tariffs]
        )
    print_table(
        ("code", "scope", "limit"),
        [(each.code, each.scope, human_size(each.limit_bytes)) for each in tariffs],
    )


@tariff.command("set")
@click.argument("company_id", metavar="COMPANY")
@click.argument("code", metavar="TARIFF")
@click.option("--dry-run", is_flag=True, help="Only show who would be over.")
@as_json
@with_library
def tariff_set(app: Ecm, company_id: str, code: str, dry_run: bool, as_json: bool) -> None:
    """Put a company on a tariff, at once."""
    with app.begin() as tx:
        change = tx.tariffs.change(code, company=tx.companies.get(company_id), dry_run=dry_run)
    over = [
        {"scope": o.scope, "email": o.user.email if o.user else None, "used_bytes": o.used_bytes,
         "limit_bytes": o.limit_bytes, "over_bytes": o.over_bytes}
        for o in change.over
    ]  # fmt: skip
    if as_json:
        return print_json({"code": change.code, "applied": change.applied, "over": over})
    for each in change.over:
        who = f"user {each.user.email or each.user.name}" if each.user else "the company"
        used, limit = human_size(each.used_bytes), human_size(each.limit_bytes)
        click.echo(f"{who} is over by {human_size(each.over_bytes)}: {used} of {limit} used")
    click.echo(f"{'would be' if dry_run else 'is'} on {change.code}; {len(over) or 'nobody'} over")


@click.command()
@of_company
@as_json
@with_library
def quota(app: Ecm, company_id: str | None, as_json: bool) -> None:
    """Show what companies use of their tariffs."""
    rows = []
    for each in list_companies(app, company_id):
        with app.begin() as tx:
            rows.append((each, *tx.tariffs.usage(each)))
    if as_json:
        return print_json(
            [
                {
                    "id": str(each.id),
                    "name": each.name,
                    "tariff": rule.tariff_code,
                    "scope": rule.scope,
                    "limit_bytes": rule.limit_bytes,
                    "used_bytes": usage.used_bytes,
                    "reserved_bytes": usage.reserved_bytes,
                }
                for each, rule, usage in rows
            ]
        )
    print_table(
        ("id", "company", "tariff", "used", "reserved", "limit"),
        [
            (
                str(each.id),
                each.name,
                rule.tariff_code,
                human_size(usage.used_bytes),
                human_size(usage.reserved_bytes),
                human_size(rule.limit_bytes) + (" a user" if rule.scope == "user" else ""),
            )
            for each, rule, usage in rows
        ],
    )
