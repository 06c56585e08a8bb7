"""Companies, their users, and the users' tokens."""

from __future__ import annotations

import sys

import click

from ecm.app import Ecm
from ecm.cli.library import with_library


@click.group()
def company() -> None:
    """Companies."""


@company.command("add")
@click.argument("name")
@click.option("--tariff", default="free", show_default=True)
@with_library
def company_add(app: Ecm, name: str, tariff: str) -> None:
    """Add a company. The last line is its id."""
    with app.begin() as tx:
        added = tx.companies.add(name, tariff=tariff)
    click.echo(f"{added.name} is a company on the tariff {tariff}", err=True)
    click.echo(added.id)


@click.group()
def user() -> None:
    """Users."""


@user.command("add")
@click.argument("email")
@click.option("--company", "company_id", required=True, metavar="ID")
@click.option(
    "--role", type=click.Choice(["member", "admin", "operator"]), default="member", show_default=True
)
@click.option("--name", default="", help="What colleagues see.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@with_library
def user_add(app: Ecm, email: str, company_id: str, role: str, name: str, password_stdin: bool) -> None:
    """Add a user of a company. The last line is the id.

    On a terminal the password is asked for. A user without one works by API tokens only.
    """
    password: str | None = None
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        asked = "Password (empty for none: API tokens only)"
        password = click.prompt(asked, hide_input=True, confirmation_prompt=True, default="") or None
    with app.begin() as tx:
        added = tx.users.add(tx.companies.get(company_id), email, role=role, name=name, password=password)
    click.echo(f"{added.email} is {role} of company {company_id}", err=True)
    click.echo(added.id)


@click.command()
@click.argument("email")
@with_library
def token(app: Ecm, email: str) -> None:
    """Make an API token of a user. The last line is the token; it is shown this once."""
    with app.begin() as tx:
        made = tx.tokens.add(tx.users.by_email(email))
    click.echo(made)
