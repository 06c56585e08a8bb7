"""Options that commands of several families take."""

from __future__ import annotations

import click

from ecm.cards.kinds import KINDS

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
of_company = click.option("--company", "company_id", metavar="ID", help="One company instead of all.")
as_user = click.option("--as", "email", required=True, metavar="EMAIL", help="Who does it.")
KIND = click.Choice(list(KINDS))
of_kind = click.option("--kind", required=True, type=KIND, help="Which kind of card.")
