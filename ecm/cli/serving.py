"""The service, background work, and the demo company."""

from __future__ import annotations

import signal
import threading

import click

from ecm.app import Ecm
from ecm.cli.library import opened, with_library
from ecm.settings import Settings


@click.command()
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


@click.command()
@with_library
def worker(app: Ecm) -> None:
    """Do background work alone, until interrupted."""
    from ecm.optional_parts import warn_of_missing_parts
    from ecm.serving import stop_on_signals

    warn_of_missing_parts()
    stop = threading.Event()
    stop_on_signals(stop, signal.SIGTERM, signal.SIGINT)
    app.worker.run(stop)


@click.command("work-off")
@with_library
def work_off(app: Ecm) -> None:
    """Do the background work that is pending, then stop."""
    app.work_off()


@click.command()
@click.pass_obj
def demo(settings: Settings) -> None:
    """Make the demo company, with deals and documents, and tell how to log in."""
    from ecm.demo import make_demo

    with opened(settings) as app:
        login = make_demo(app, settings.data_dir)
    click.echo(f"The demo company is {login.company}: {login.documents} documents on {login.deals} deals.")
    for account in login.accounts:
        click.echo(f"  log in as {account.email} with the password {account.password}   ({account.role})")
