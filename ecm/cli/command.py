"""The command, put together of its families. Exit codes: 0 done, 1 refused or found wanting, 2 wrong use."""

from __future__ import annotations

import logging
import sys
from typing import NoReturn

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from ecm.cli import cards, documents, fields, importing, people, serving, tariffs, upkeep
from ecm.errors import EcmError, SettingError
from ecm.search.errors import SearchError
from ecm.settings import Settings
from ecm.storage.errors import StorageError

COMMANDS = (
    *(upkeep.init, serving.serve, serving.worker, serving.work_off, serving.demo),
    *(people.company, people.user, people.token),
    *(tariffs.tariff, tariffs.quota),
    *(documents.put, documents.get, documents.search),
    *(cards.card, importing.import_table, fields.pipeline, fields.field),
    *(upkeep.reindex, upkeep.reextract, upkeep.fsck, upkeep.parts),
)


def main() -> NoReturn:
    """The console script: run the command, and turn refusals into one line and an exit code."""
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


@click.group(commands=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
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
