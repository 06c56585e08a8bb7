"""Uploads by plain forms, for browsers that run no scripts, and the words for uploads that scripts make."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as BaseResponse

from ecm.errors import EcmError
from ecm.staging import StagedFile
from ecm.storage.errors import QuotaExceeded, StorageError
from ecm.web import messages
from ecm.web.card_labels import FAMILIES
from ecm.web.card_values import card_address
from ecm.web.current import actor, begin, library

pages = Blueprint("uploads", __name__)

ENVELOPE_BYTES = 64 * 1024
"""More than what a form adds to the files in it."""


@pages.post("/<any(deals, leads, contacts, organizations):family>/<id>/documents")
def add(family: str, id: str) -> BaseResponse:
    """Put the files of a form onto a card, each for itself."""
    kind = FAMILIES[family]
    with begin() as tx:
        card = tx.cards.get(id, kind=kind)
    stored = 0
    for file in _files():
        try:
            staged = _stage(file)
            with begin() as tx:
                tx.documents.add(staged, card=tx.cards.get(id, kind=kind))
            stored += 1
        except (EcmError, StorageError) as error:
            _tell(file, error)
    if stored:
        flash(ngettext("%(num)d document is added.", "%(num)d documents are added.", stored), "success")
    return redirect(card_address(card))


@pages.post("/documents/<id>/versions")
def add_version(id: str) -> BaseResponse:
    """Take the file of a form as a document's next version."""
    with begin() as tx:
        document = tx.documents.get(id)
    for file in _files()[:1]:
        try:
            staged = _stage(file)
            with begin() as tx:
                tx.documents.add_version(tx.documents.get(id), staged)
            flash(_("The new version is the current one."), "success")
        except (EcmError, StorageError) as error:
            _tell(file, error)
    return redirect(url_for("pages.documents.show", id=document.id))


@pages.get("/uploads/refusal")
def refusal() -> str:
    """The words for the refusal that a script was answered with, by its code and figures."""
    message = messages.of_code(request.args.get("code", ""), request.args)
    return render_template("uploads/refusal.html", message=message)


def _files() -> list[FileStorage]:
    """The files that were chosen. What can't fit as a whole is refused before it is read."""
    with begin() as tx:
        quota = tx.tariffs.quota()
    arriving_bytes = (request.content_length or 0) - ENVELOPE_BYTES
    if quota.available_bytes is not None and arriving_bytes > quota.available_bytes:
        assert quota.limit_bytes is not None
        raise QuotaExceeded(
            scope=quota.scope,
            limit_bytes=quota.limit_bytes,
            used_bytes=quota.counted.used_bytes,
            reserved_bytes=quota.counted.reserved_bytes,
            requested_bytes=arriving_bytes,
            trash_bytes=quota.trash_bytes,
            purgeable_bytes=quota.purgeable_bytes,
        )
    request.max_content_length = None  # the tariff is the limit here
    try:
        files = [file for file in request.files.getlist("file") if file.filename]
    except RequestEntityTooLarge:
        files = []
    if not files:
        flash(messages.of_code("no_file", {}).text, "danger")
    return files


def _stage(file: FileStorage) -> StagedFile:
    return library().stage(actor(), file.stream, filename=file.filename or "file")


def _tell(file: FileStorage, error: EcmError | StorageError) -> None:
    text = messages.of_error(error).text
    flash(_("“%(name)s” was not stored. %(reason)s", name=file.filename, reason=text), "danger")
