"""The command `ecm`. Exit codes: 0 done, 1 refused or found wanting, 2 wrong use."""

from __future__ import annotations

import dataclasses
import json
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, ParamSpec

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from ecm.access import Actor
from ecm.app import Ecm
from ecm.console import Progress, human_size, print_table
from ecm.errors import EcmError, SettingError
from ecm.finding import SearchPage
from ecm.migrating import pending_migrations
from ecm.models import Company
from ecm.search.errors import SearchError
from ecm.search.interface import FACETS
from ecm.settings import Settings
from ecm.storage.errors import StorageError
from ecm.storage.interface import CHUNK_BYTES
from ecm.versions import find_any_current
from ecm.wiring import open_settings
from ecm.worker import POLL_S

P = ParamSpec("P")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
of_company = click.option("--company", "company_id", metavar="ID", help="One company instead of all.")
as_user = click.option("--as", "email", required=True, metavar="EMAIL", help="Who does it.")


def main() -> NoReturn:
    """The console script: run the command, and turn refusals into one line and an exit code."""
    from ecm.cli_cards import COMMANDS

    for command in COMMANDS:
        cli.add_command(command)
    try:
        status = cli.main(standalone_mode=False)  # the code of an Exit is returned, not raised
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        sys.exit(130)
    except SettingError as error:
        click.echo(f"ecm: {error}", err=True)
        sys.exit(2)
    except (EcmError, StorageError, SearchError) as error:
        click.echo(f"ecm: {error}", err=True)
        sys.exit(1)
    except (OperationalError, ProgrammingError) as error:
        click.echo(f"ecm: the database refused: {str(error.orig).strip().splitlines()[0]}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ecm")
@click.pass_context
def cli(context: click.Context) -> None:
    """Documents on a company's deals: stored with exact quotas, versioned, found.

    Settings come from ECM_... variables and a .env file; see docs/settings.md.
    """
    context.obj = Settings.from_env()
    # Libraries only speak up when something is wrong.
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("ecm").setLevel(context.obj.log_level)


def with_library(command: Callable[..., None]) -> Callable[..., None]:
    """Hand the command an open library, whose database is up to date, as its first argument."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        with opened(click.get_current_context().find_object(Settings)) as app:
            command(app, *args, **kwargs)

    return run


@contextmanager
def opened(settings: Settings | None) -> Iterator[Ecm]:
    """An open library; EcmError when `ecm init` has to be run first."""
    assert settings is not None
    with open_settings(settings) as app:
        if pending_migrations(app.database.engine):
            raise EcmError("the database is not of this release: run `ecm init` first")
        yield app


@cli.command()
@click.pass_obj
def init(settings: Settings) -> None:
    """Create or upgrade the database."""
    with open_settings(settings) as app:
        app.migrate()
    click.echo("the database is ready")


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--threads", default=32, show_default=True, type=click.IntRange(1, 512))
@click.pass_obj
def serve(settings: Settings, host: str, port: int, threads: int) -> None:
    """Serve pages and the HTTP API, with background work beside."""
    from ecm.serving import serve as run  # the web server is of no use to the other commands

    with opened(settings):
        pass
    run(settings, host=host, port=port, threads=threads)


@cli.command()
@with_library
def worker(app: Ecm) -> None:
    """Do background work alone, until interrupted."""
    from ecm.serving import stop_on_signals

    stop = threading.Event()
    stop_on_signals(stop, signal.SIGTERM, signal.SIGINT)
    app.worker.run(stop)


@cli.command("work-off")
@with_library
def work_off(app: Ecm) -> None:
    """Do the background work that is pending, then stop."""
    app.work_off()


@cli.group()
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


@cli.group()
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


@cli.command()
@click.argument("email")
@with_library
def token(app: Ecm, email: str) -> None:
    """Make an API token of a user. The last line is the token; it is shown this once."""
    with app.begin() as tx:
        made = tx.tokens.add(tx.users.by_email(email))
    click.echo(made)


@cli.group()
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
        return _print_json(
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
        return _print_json({"code": change.code, "applied": change.applied, "over": over})
    for each in change.over:
        who = f"user {each.user.email or each.user.name}" if each.user else "the company"
        used, limit = human_size(each.used_bytes), human_size(each.limit_bytes)
        click.echo(f"{who} is over by {human_size(each.over_bytes)}: {used} of {limit} used")
    click.echo(f"{'would be' if dry_run else 'is'} on {change.code}; {len(over) or 'nobody'} over")


@cli.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--deal", "deal_id", required=True, metavar="ID")
@click.option("--kind", default="other", show_default=True)
@as_user
@as_json
@with_library
def put(app: Ecm, files: tuple[Path, ...], deal_id: str, kind: str, email: str, as_json: bool) -> None:
    """Put files onto a deal. Prints a document id a line."""
    actor = _actor(app, email)
    with app.begin(actor) as tx:
        tx.deals.get(deal_id)
    for path in files:
        with path.open("rb") as file, Progress(path.name, path.stat().st_size) as progress:
            staged = app.stage(
                actor, progress.reading(file), filename=path.name, size_bytes=path.stat().st_size
            )
        with app.begin(actor) as tx:
            document = tx.documents.add(staged, card=tx.deals.get(deal_id), kind=kind)
        if as_json:
            _print_json({"id": str(document.id), "title": document.title, "size_bytes": staged.size_bytes})
        else:
            click.echo(document.id)


@cli.command()
@click.argument("document_id", metavar="DOCUMENT")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="A file or folder; - is standard output."
)
@click.option(
    "--as", "email", metavar="EMAIL", help="Who does it; unless told, whoever operates this machine."
)
@with_library
def get(app: Ecm, document_id: str, output: Path | None, email: str | None) -> None:
    """Fetch a document's content, into a file of its name unless told otherwise."""
    actor = _actor(app, email) if email is not None else None
    with app.begin(actor) as tx:
        version = (
            tx.documents.get(document_id).current if actor else find_any_current(tx.session, document_id)
        )
    with app.read_version(actor, version) as reader:
        if str(output) == "-":
            while chunk := reader.read(CHUNK_BYTES):
                sys.stdout.buffer.write(chunk)
            return
        target = output or Path(version.filename)
        target = target / version.filename if target.is_dir() else target
        if output is None and target.exists():
            raise EcmError(f"{target} exists already; name another file with -o")
        with target.open("wb") as file, Progress(version.filename, version.size_bytes) as progress:
            while chunk := reader.read(CHUNK_BYTES):
                file.write(chunk)
                progress.advance(len(chunk))
    click.echo(target)


@cli.command()
@click.argument("query")
@as_user
@click.option("--page", default=1, show_default=True)
@as_json
@with_library
def search(app: Ecm, query: str, email: str, page: int, as_json: bool) -> None:
    """Find documents by words."""
    found = app.search(_actor(app, email), query, page=page, facets=FACETS if as_json else ())
    if as_json:
        return _print_json(_told(found))
    for each in found:
        cards = ", ".join(card.title for card in each.document.cards)
        click.echo(f"{each.document.id}\t{each.document.title}\t{cards}")
    if found.did_you_mean:
        click.echo(f"did you mean: {found.did_you_mean}", err=True)
    waiting = f"; {found.pending} documents are still being indexed" if found.pending else ""
    waiting += "; the index is being rebuilt" if found.rebuilding else ""
    click.echo(f"{found.total} found{waiting}", err=True)


def _told(found: SearchPage) -> dict[str, object]:
    items = [
        {"id": str(f.document.id), "title": f.document.title, "snippet": f.snippet, "score": f.score}
        for f in found
    ]
    return {
        "items": items,
        "total": found.total,
        "page": found.page,
        "per_page": found.per_page,
        "facets": {facet: [dataclasses.asdict(one) for one in found.facets[facet]] for facet in found.facets},
        "did_you_mean": found.did_you_mean,
        "indexed_up_to": found.indexed_up_to.isoformat(),
        "pending": found.pending,
        "rebuilding": found.rebuilding,
    }


@cli.command()
@of_company
@with_library
def reindex(app: Ecm, company_id: str | None) -> None:
    """Make the index anew, of one company or of all."""
    for each in _companies(app, company_id):
        _index_all(app, each, app.indexing.rebuild(each.id), "indexed")


@cli.command()
@click.option("--failed", is_flag=True, help="Only documents whose text could not be read.")
@of_company
@with_library
def reextract(app: Ecm, company_id: str | None, failed: bool) -> None:
    """Read the text of documents again: after a reader, or a program that one needs, was added."""
    for each in _companies(app, company_id):
        _index_all(app, each, app.indexing.reextract(each.id, failed_only=failed), "read again")


def _index_all(app: Ecm, company: Company, count: int, done: str) -> None:
    """Make a company's pending entries true, and show how it goes."""
    with Progress(f"{company.name}: {count} documents", count) as progress:
        while pending := app.indexing.lag(company.id).pending:
            progress.reach(count - pending)
            if not app.indexing.work():
                time.sleep(POLL_S)
    click.echo(f"{company.name}: {count} documents {done}")


@cli.command()
@click.option("--repair", is_flag=True, help="Mend what can be mended.")
@click.option("--quick", is_flag=True, help="Do not read contents; sizes and rows only.")
@of_company
@as_json
@with_library
def fsck(app: Ecm, repair: bool, quick: bool, company_id: str | None, as_json: bool) -> None:
    """Compare database, storage and index. Exit code 1 when something is left to mend."""
    wanted = int(app_company(app, company_id).id) if company_id is not None else None
    findings = []
    with Progress("checking", None) as progress:
        for finding in app.fsck(wanted, repair=repair, quick=quick, progress=progress.reach):
            findings.append(finding)
            if not as_json:
                click.echo(f"{finding.code}\t{finding}")
    if as_json:
        _print_json([dataclasses.asdict(finding) for finding in findings])
    left = [finding for finding in findings if not finding.repaired]
    if not as_json:
        click.echo(f"{len(findings)} found, {len(findings) - len(left)} mended")
    if left:
        raise click.exceptions.Exit(1)


def app_company(app: Ecm, company_id: str) -> Company:
    """The company with this id. NotFound."""
    with app.begin() as tx:
        return tx.companies.get(company_id)


@cli.command()
@of_company
@as_json
@with_library
def quota(app: Ecm, company_id: str | None, as_json: bool) -> None:
    """Show what companies use of their tariffs."""
    rows = []
    for each in _companies(app, company_id):
        with app.begin() as tx:
            rows.append((each, *tx.tariffs.usage(each)))
    if as_json:
        return _print_json(
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


@cli.command()
@click.pass_obj
def demo(settings: Settings) -> None:
    """Make the demo company, with deals and documents, and tell how to log in."""
    from ecm.demo import make_demo

    with opened(settings) as app:
        login = make_demo(app, settings.data_dir)
    click.echo(f"The demo company is {login.company}: {login.documents} documents on {login.deals} deals.")
    for account in login.accounts:
        click.echo(f"  log in as {account.email} with the password {account.password}   ({account.role})")


def _actor(app: Ecm, email: str) -> Actor:
    with app.begin() as tx:
        return app.actor(tx.users.by_email(email))


def _companies(app: Ecm, company_id: str | None) -> Iterator[Company]:
    if company_id is not None:
        yield app_company(app, company_id)
        return
    page = 1
    while True:
        with app.begin() as tx:
            batch = tx.companies.list(page=page, per_page=500).items
        yield from batch
        if len(batch) < 500:
            return
        page += 1


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, default=str))


if __name__ == "__main__":
    main()
