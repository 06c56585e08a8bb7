"""Imports of cards from tables: a file is chosen, columns are mapped, rows tried, and then it runs."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as BaseResponse

from ecm.cards.kinds import CUSTOM, KINDS
from ecm.errors import Forbidden, Invalid
from ecm.importing import columns
from ecm.importing.tables import FILE_MOST_BYTES
from ecm.models import Import
from ecm.unit_of_work import UnitOfWork
from ecm.web import card_labels, messages
from ecm.web.current import actor, begin

pages = Blueprint("imports", __name__, url_prefix="/imports")

ENVELOPE_BYTES = 64 * 1024
SHOWN_ROWS = 20
REFRESH_S = 2
STATES = {
    "made": _l("Will be made"),
    "updated": _l("Will be changed"),
    "skipped": _l("Is there already"),
    "refused": _l("Refused"),
}
DUPLICATES = {
    "skip": _l("Leave them as they are"),
    "update": _l("Change them as the table says"),
    "create": _l("Make new cards anyway"),
}
TARGETS = {
    columns.COMMENT: _l("Comment"),
    columns.FULL_NAME: _l("Last, first and middle name in one"),
}


@pages.get("")
def index() -> str:
    """The imports of whoever asks, and a form for another one."""
    return _list()


@pages.post("")
def read() -> BaseResponse:
    """Read the table in a form."""
    request.max_content_length = FILE_MOST_BYTES + ENVELOPE_BYTES
    file = request.files.get("file")
    if file is None or not file.filename:
        flash(messages.of_code("no_file", {}).text, "danger")
        return make_response(_list(), 422)
    try:
        id = _read(request.form.get("kind", ""), file, file.filename)
    except (Invalid, Forbidden) as error:
        flash(messages.of_error(error).text, "danger")
        return make_response(_list(), 422)
    return redirect(url_for(".show", id=id))


@pages.get("/<id>")
def show(id: str) -> BaseResponse:
    """How the columns are mapped and what would become of the first rows; or how far the import has come."""
    with begin() as tx:
        found = tx.imports.get(id)
        progress = tx.imports.progress(found)
        refused = (
            tx.imports.rows(found, page=request.args.get("page", 1, int)) if found.state == "done" else None
        )
        response = make_response(
            render_template(
                "imports/show.html",
                each=found,
                progress=progress,
                refused=refused,
                names=_names(tx, found.card_kind),
                column_of=columns.column_of,
                in_words=_in_words,
                states=STATES,
                duplicates=DUPLICATES,
                **_preview(tx, found),
            )
        )
    if found.state == "running":
        response.headers["Refresh"] = str(REFRESH_S)
    return response


@pages.post("/<id>")
def change(id: str) -> BaseResponse:
    """Say where the columns go and what becomes of duplicates; then start, where that is asked for."""
    with begin() as tx:
        found = tx.imports.get(id)
        mapping = [request.form.get(f"column-{number}") or None for number in range(len(found.header))]
        try:
            tx.imports.update(found, mapping=mapping, duplicates=request.form.get("duplicates", "skip"))
            if request.form.get("do") == "run":
                tx.imports.start(found)
        except Invalid as error:
            flash(messages.of_error(error).text, "danger")
    return redirect(url_for(".show", id=id))


@pages.post("/<id>/stop")
def stop(id: str) -> BaseResponse:
    """Leave the rows that wait as they are."""
    with begin() as tx:
        tx.imports.stop(tx.imports.get(id))
    return redirect(url_for(".show", id=id))


@pages.post("/<id>/delete")
def delete(id: str) -> BaseResponse:
    """Forget an import; the cards made stay."""
    with begin() as tx:
        tx.imports.delete(tx.imports.get(id))
    return redirect(url_for(".index"))


def _list() -> str:
    kinds = [kind for kind in KINDS if actor().may_create(kind)]
    with begin() as tx:
        found = tx.imports.list(page=max(1, request.args.get("page", 1, int)))
        return render_template("imports/index.html", imports=found, kinds=kinds)


def _read(kind: str, file: FileStorage, filename: str) -> int:
    with tempfile.NamedTemporaryFile(prefix="ecm-import-") as kept:
        file.save(kept)
        kept.flush()
        with begin() as tx:
            return tx.imports.read(kind, Path(kept.name), filename).id


def _preview(tx: UnitOfWork, found: Import) -> dict[str, object]:
    """What would become of the first rows, or why that can't be told."""
    if found.state != "read":
        return {"rows": (), "problem": ""}
    try:
        rows: Sequence[object] = tx.imports.preview(found, limit=SHOWN_ROWS)
    except (Invalid, Forbidden) as error:
        return {"rows": (), "problem": messages.of_error(error).text}
    return {"rows": rows, "problem": ""}


def _in_words(field: str, reason: str) -> str:
    """What is wrong with a row, for people; of the row as a whole as it is told."""
    return messages.of_code("invalid", {"field": field, "reason": reason}).text if field else reason


def _names(tx: UnitOfWork, kind: str) -> dict[str, str]:
    """What each field that a column can go to is called."""
    custom = {CUSTOM + field.key: field.name for field in tx.fields.list(kind)}
    words = {**card_labels.FIELDS, **TARGETS, **custom}
    return {target: str(words[target]) for target in columns.targets(tx, kind)}
