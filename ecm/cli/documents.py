"""Documents in and out, and found."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import click

from ecm.app import Ecm
from ecm.cli.library import find_actor, with_library
from ecm.cli.options import as_json, as_user
from ecm.console import Progress, print_json
from ecm.errors import EcmError
from ecm.finding import SearchPage
from ecm.search.interface import FACETS
from ecm.storage.interface import CHUNK_BYTES
from ecm.versions import find_any_current


@click.command()
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
    actor = find_actor(app, email)
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
            print_json({"id": str(document.id), "title": document.title, "size_bytes": staged.size_bytes})
        else:
            click.echo(document.id)


@click.command()
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
    actor = find_actor(app, email) if email is not None else None
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


@click.command()
@click.argument("query")
@as_user
@click.option("--page", default=1, show_default=True)
@as_json
@with_library
def search(app: Ecm, query: str, email: str, page: int, as_json: bool) -> None:
    """Find documents by words."""
    found = app.search(find_actor(app, email), query, page=page, facets=FACETS if as_json else ())
    if as_json:
        return print_json(_told(found))
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
