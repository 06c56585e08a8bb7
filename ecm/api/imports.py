"""Imports of cards from tables: read, mapped, previewed, started, watched."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from ecm.api import shown
from ecm.api.authentication import current_actor, library
from ecm.api.bodies import streamed
from ecm.api.card_documents import body_of_file
from ecm.api.errors import BrokenBody
from ecm.api.forms import FormReader
from ecm.api.receiving import Body
from ecm.api.schemas import PageQuery
from ecm.api.schemas.imports import (
    ImportIn,
    ImportOut,
    ImportPage,
    ImportQuery,
    PreviewOut,
    PreviewQuery,
    RowPage,
    RowsQuery,
)
from ecm.api.shown import Json
from ecm.errors import Invalid
from ecm.importing import columns
from ecm.importing.tables import FILE_MOST_BYTES
from ecm.models import Import
from ecm.storage.interface import CHUNK_BYTES, Source
from ecm.unit_of_work import UnitOfWork

blueprint = APIBlueprint("imports", __name__, url_prefix="/api/v1/imports")


@blueprint.get("")
@blueprint.input(PageQuery, location="query")
@blueprint.output(ImportPage)
def list_imports(query_data: dict[str, int]) -> Response:
    """The caller's imports, the latest first."""
    with library().begin(current_actor()) as tx:
        found = tx.imports.list(**query_data)
        return shown.answer(shown.page(found, [_show(tx, each) for each in found]))


@blueprint.post("")
@blueprint.input(ImportQuery, location="query")
@blueprint.output(ImportOut, status_code=201)
@blueprint.doc(responses=[403], extensions=body_of_file())
@streamed
def read(query_data: dict[str, str]) -> Response:
    """Read a table: CSV in any encoding of the region, or the first sheet of an Excel workbook.

    The body is the file itself, named by `?filename=`, or a form with the field `file`. Its columns are
    mapped as their names tell; nothing is made of it yet.
    """
    with _received(query_data["filename"]) as (path, filename), library().begin(current_actor()) as tx:
        made = tx.imports.read(query_data["kind"], path, filename)
        return shown.answer(_show(tx, made), 201, {"Location": f"/api/v1/imports/{made.id}"})


@blueprint.get("/<id>")
@blueprint.output(ImportOut)
def get(id: str) -> Response:
    """An import, and how far it has come."""
    with library().begin(current_actor()) as tx:
        return shown.answer(_show(tx, tx.imports.get(id)))


@blueprint.patch("/<id>")
@blueprint.input(ImportIn)
@blueprint.output(ImportOut)
@blueprint.doc(responses=[409])
def update(id: str, json_data: dict[str, Any]) -> Response:
    """Say where columns go, and what becomes of duplicates."""
    with library().begin(current_actor()) as tx:
        return shown.answer(_show(tx, tx.imports.update(tx.imports.get(id), **json_data)))


@blueprint.delete("/<id>")
@blueprint.output({}, status_code=204)
@blueprint.doc(responses=[409])
def delete(id: str) -> Response:
    """Forget an import and its rows; the cards made stay."""
    with library().begin(current_actor()) as tx:
        tx.imports.delete(tx.imports.get(id))
    return shown.nothing()


@blueprint.get("/<id>/preview")
@blueprint.input(PreviewQuery, location="query")
@blueprint.output(PreviewOut)
@blueprint.doc(responses=[409])
def preview(id: str, query_data: dict[str, int]) -> Response:
    """What would become of rows, if they were made now: nothing is written."""
    with library().begin(current_actor()) as tx:
        found = tx.imports.get(id)
        items = [
            _show_row(
                found,
                each.number,
                each.outcome.state,
                _existing(each.outcome),
                each.cells,
                each.outcome.errors,
            )
            for each in tx.imports.preview(found, **query_data)
        ]
        return shown.answer({"items": items, "more": len(items) == query_data["limit"]})


@blueprint.post("/<id>/run")
@blueprint.output(ImportOut, status_code=202)
@blueprint.doc(responses=[409])
def run(id: str) -> Response:
    """Have the rows made into cards, in the background."""
    with library().begin(current_actor()) as tx:
        found = tx.imports.get(id)
        tx.imports.start(found)
        return shown.answer(_show(tx, found), 202)


@blueprint.post("/<id>/stop")
@blueprint.output(ImportOut)
def stop(id: str) -> Response:
    """Leave the rows that wait as they are; what was made stays."""
    with library().begin(current_actor()) as tx:
        found = tx.imports.get(id)
        tx.imports.stop(found)
        return shown.answer(_show(tx, found))


@blueprint.get("/<id>/rows")
@blueprint.input(RowsQuery, location="query")
@blueprint.output(RowPage)
def list_rows(id: str, query_data: dict[str, Any]) -> Response:
    """The rows that came to a state, by default those that were refused, with what is wrong with each."""
    with library().begin(current_actor()) as tx:
        found = tx.imports.get(id)
        rows = tx.imports.rows(found, **query_data)
        items = [
            _show_row(found, each.number, each.state, each.card_id, each.cells, each.errors) for each in rows
        ]
        return shown.answer(shown.page(rows, items))


@contextmanager
def _received(filename: str) -> Iterator[tuple[Path, str]]:
    """The body's file in a temporary one, and its name. Invalid: none, or too large; BrokenBody."""
    source: Source = Body()
    form: FormReader | None = None
    if request.mimetype == "multipart/form-data":
        boundary = request.mimetype_params.get("boundary", "")
        if not 1 <= len(boundary) <= 70 or not boundary.isascii():
            raise BrokenBody("a form needs a boundary")
        source = form = FormReader(source, boundary.encode())
        filename = form.find_file() or filename
    with tempfile.NamedTemporaryFile(prefix="ecm-import-") as file:
        size_bytes = 0
        while chunk := source.read(CHUNK_BYTES):
            size_bytes += len(chunk)
            if size_bytes > FILE_MOST_BYTES:
                raise Invalid("file", f"a file of {FILE_MOST_BYTES // 1024 // 1024} MB at most")
            file.write(chunk)
        if form is not None:
            form.finish()
        elif request.content_length is not None and size_bytes < request.content_length:
            raise BrokenBody("the body ended before it was whole")
        file.flush()
        yield Path(file.name), filename


def _show(tx: UnitOfWork, each: Import) -> Json:
    progress = tx.imports.progress(each)
    return {
        "id": str(each.id),
        "kind": each.card_kind,
        "filename": each.filename,
        "state": each.state,
        "header": each.header,
        "mapping": each.mapping,
        "targets": columns.targets(tx, each.card_kind),
        "duplicates": each.duplicates,
        "progress": {
            name: getattr(progress, name)
            for name in ("total", "waiting", "made", "updated", "skipped", "refused")
        },
        "created_at": shown.time(each.created_at),
        "finished_at": shown.time(each.finished_at),
    }


def _existing(outcome: Any) -> int | None:
    """The card that is there already: one that would be made has no id."""
    return outcome.card.id if outcome.card is not None and outcome.state != "made" else None


def _show_row(
    given: Import, number: int, state: str, card_id: int | None, cells: Sequence[str], errors: Sequence[Any]
) -> Json:
    told = [
        {"field": field, "column": columns.column_of(given.header, given.mapping, field), "reason": reason}
        for field, reason in errors
    ]
    card = None if card_id is None else str(card_id)
    return {"number": number, "state": state, "card": card, "cells": list(cells), "errors": told}
