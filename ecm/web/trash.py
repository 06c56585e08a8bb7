"""The trash: back from it, or gone for good."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from ecm.access import may_purge
from ecm.errors import Forbidden
from ecm.models import Document
from ecm.unit_of_work import UnitOfWork
from ecm.web import errors, formats, rows
from ecm.web.addresses import page_number
from ecm.web.current import actor, begin

pages = Blueprint("trash", __name__)

PER_PAGE = 25
VERSIONS_LOOKED_AT = 1000


@pages.get("/trash")
def index() -> str:
    """The company's trash, and what emptying it would free."""
    with begin() as tx:
        documents = tx.documents.trashed(page=page_number(), per_page=PER_PAGE)
        return render_template(
            "trash/index.html",
            documents=documents,
            rows=rows.of_documents(tx, documents.items),
            names=tx.users.names([document.trashed_by_id for document in documents]),
            purgeable={document.id for document in documents if _may_purge(tx, document)},
            quota=tx.tariffs.quota(),
        )


@pages.post("/trash/<id>/restore")
def restore(id: str) -> BaseResponse:
    """Take a document out of the trash."""
    with begin() as tx:
        document = tx.documents.get(id)
        tx.documents.restore(document)
    flash(_("“%(title)s” is restored.", title=document.title), "success")
    return redirect(url_for("pages.documents.show", id=document.id))


@pages.get("/trash/<id>/delete")
def confirm_purge(id: str) -> BaseResponse:
    """Ask before a document is deleted permanently."""
    with begin() as tx:
        document = tx.documents.get(id)
        if not _may_purge(tx, document):
            return errors.refusal_page(Forbidden("deleting for good what others uploaded", "admin"))
        versions = tx.documents.versions.list(document, per_page=VERSIONS_LOOKED_AT)
    freed_bytes = sum(version.size_bytes for version in versions)
    return make_response(
        render_template("trash/delete.html", document=document, versions=versions, freed_bytes=freed_bytes)
    )


@pages.post("/trash/<id>/delete")
def purge(id: str) -> BaseResponse:
    """Delete a document for good."""
    with begin() as tx:
        document = tx.documents.get(id)
        freed_bytes = tx.documents.purge(document)
    flash(
        _(
            "“%(title)s” is deleted permanently. %(freed)s are free again.",
            title=document.title,
            freed=formats.size(freed_bytes),
        ),
        "success",
    )
    return redirect(url_for("pages.trash.index"))


@pages.get("/trash/empty")
def confirm_empty() -> str:
    """Ask before the trash is emptied."""
    with begin() as tx:
        documents = tx.documents.trashed(per_page=1)
        return render_template(
            "trash/empty.html", documents=documents, quota=tx.tariffs.quota(), actor=actor()
        )


@pages.post("/trash/empty")
def empty() -> BaseResponse:
    """Delete permanently all of the trash that one may."""
    with begin() as tx:
        purged, freed_bytes = tx.documents.empty_trash()
    flash(
        ngettext(
            "%(num)d document is deleted permanently. %(freed)s are free again.",
            "%(num)d documents are deleted permanently. %(freed)s are free again.",
            purged,
            freed=formats.size(freed_bytes),
        ),
        "success",
    )
    return redirect(url_for("pages.trash.index"))


def _may_purge(tx: UnitOfWork, document: Document) -> bool:
    versions = tx.documents.versions.list(document, per_page=VERSIONS_LOOKED_AT)
    return may_purge(actor(), {version.uploaded_by_id for version in versions})
