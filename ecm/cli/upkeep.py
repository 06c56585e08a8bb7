"""The database, the index and storage kept right, and what the machine has installed."""

from __future__ import annotations

import dataclasses
import time

import click

from ecm.app import Ecm
from ecm.cli.library import find_company, list_companies, with_library
from ecm.cli.options import as_json, of_company
from ecm.console import Progress, print_json, print_table
from ecm.models import Company
from ecm.settings import Settings
from ecm.wiring import open_settings
from ecm.worker import POLL_S


@click.command()
@click.pass_obj
def init(settings: Settings) -> None:
    """Create or upgrade the database."""
    with open_settings(settings) as app:
        app.migrate()
    click.echo("the database is ready")


@click.command()
@of_company
@with_library
def reindex(app: Ecm, company_id: str | None) -> None:
    """Make the index anew, of one company or of all."""
    for each in list_companies(app, company_id):
        _index_all(app, each, app.indexing.rebuilding.rebuild(each.id), "indexed")


@click.command()
@click.option("--failed", is_flag=True, help="Only documents whose text could not be read.")
@of_company
@with_library
def reextract(app: Ecm, company_id: str | None, failed: bool) -> None:
    """Read the text of documents again: after a reader, or a program that one needs, was added."""
    for each in list_companies(app, company_id):
        _index_all(app, each, app.indexing.rebuilding.reextract(each.id, failed_only=failed), "read again")


def _index_all(app: Ecm, company: Company, count: int, done: str) -> None:
    """Make a company's pending entries true, and show how it goes."""
    with Progress(f"{company.name}: {count} documents", count) as progress:
        while pending := app.indexing.lag(company.id).pending:
            progress.reach(count - pending)
            if not app.indexing.work():
                time.sleep(POLL_S)
    click.echo(f"{company.name}: {count} documents {done}")


@click.command()
@click.option("--repair", is_flag=True, help="Mend what can be mended.")
@click.option("--quick", is_flag=True, help="Do not read contents; sizes and rows only.")
@of_company
@as_json
@with_library
def fsck(app: Ecm, repair: bool, quick: bool, company_id: str | None, as_json: bool) -> None:
    """Compare database, storage and index. Exit code 1 when something is left to mend."""
    wanted = int(find_company(app, company_id).id) if company_id is not None else None
    findings = []
    with Progress("checking", None) as progress:
        for finding in app.fsck(wanted, repair=repair, quick=quick, progress=progress.reach):
            findings.append(finding)
            if not as_json:
                click.echo(f"{finding.code}\t{finding}")
    if as_json:
        print_json([dataclasses.asdict(finding) for finding in findings])
    left = [finding for finding in findings if not finding.repaired]
    if not as_json:
        click.echo(f"{len(findings)} found, {len(findings) - len(left)} mended")
    if left:
        raise click.exceptions.Exit(1)


@click.command()
@as_json
def parts(as_json: bool) -> None:
    """What the machine has installed to read and show files with, and what is missing."""
    from ecm.optional_parts import find_parts

    found = find_parts()
    if as_json:
        print_json([dataclasses.asdict(part) for part in found])
        return
    rows = [(part.name, "yes" if part.is_there else "no", part.purpose, part.packages) for part in found]
    print_table(("part", "installed", "what for", "Debian's packages"), rows)
