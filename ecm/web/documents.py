"""One document: what is said of it, its versions, the cards that it is on."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from ecm.errors import Invalid
from ecm.models import Document
from ecm.unit_of_work import UnitOfWork
from ecm.web import messages, rows
from ecm.web.addresses import local_address, page_number
from ecm.web.card_choice import ANY_KIND, chosen_card
from ecm.web.current import actor, begin

pages = Blueprint("documents", __name__)

VERSIONS_PER_PAGE = 20


@pages.get("/documents/<id>")
def show(id: str) -> str:
    """A document's page; of one in the trash as well."""
    with begin() as tx:
        return _page(tx, tx.documents.get(id))


@pages.get("/documents/<id>/viewer")
def viewer(id: str) -> str:
    """What a document's page shows of its pages, for a script to put there once there is a picture."""
    with begin() as tx:
        document = tx.documents.get(id)
    shown = {"document": document, "version": document.current, "view": _view(document)}
    return render_template("documents/viewer.html", **shown)


@pages.post("/documents/<id>")
def update(id: str) -> BaseResponse:
    """Change the title, the kind and the tags."""
    try:
        with begin() as tx:
            tx.documents.update(
                tx.documents.get(id),
                title=request.form.get("title", ""),
                kind=request.form.get("kind", ""),
                tags=_tags(request.form.get("tags", "")),
            )
    except Invalid as error:
        return _refused(id, {error.field: messages.of_error(error).text})
    flash(_("Saved."), "success")
    return redirect(url_for("pages.documents.show", id=id))


@pages.post("/documents/<id>/versions/<number>/restore")
def restore_version(id: str, number: str) -> BaseResponse:
    """Make an older version the current one."""
    with begin() as tx:
        tx.documents.restore_version(tx.documents.get(id), number)
    flash(_("Version %(number)s is the current one again.", number=number), "success")
    return redirect(url_for("pages.documents.show", id=id))


@pages.post("/documents/<id>/cards")
def link(id: str) -> BaseResponse:
    """Put the document onto one more card."""
    typed = request.form.get("card", "").strip()
    with begin() as tx:
        document = tx.documents.get(id)
        try:
            card_id = chosen_card(tx, ANY_KIND, "card", typed)
            if card_id is None:
                raise Invalid("card", "required")
        except Invalid as error:
            errors = {"card": messages.of_error(error).text}
            return make_response(_page(tx, document, values={"card": typed}, errors=errors), 422)
        card = tx.cards.get(card_id)
        tx.documents.link(document, card)
    flash(_("The document is now on “%(title)s” as well.", title=card.title), "success")
    return redirect(url_for("pages.documents.show", id=id))


@pages.post("/documents/<id>/cards/<card_id>/remove")
def unlink(id: str, card_id: str) -> BaseResponse:
    """Take the document off a card."""
    with begin() as tx:
        card = tx.cards.get(card_id)
        tx.documents.unlink(tx.documents.get(id), card)
    flash(_("The document is no longer on “%(title)s”.", title=card.title), "success")
    return redirect(url_for("pages.documents.show", id=id))


@pages.post("/documents/<id>/trash")
def trash(id: str) -> BaseResponse:
    """Put the document into the trash, with a way back."""
    with begin() as tx:
        document = tx.documents.get(id)
        tx.documents.trash(document)
    told = {
        "text": _("“%(title)s” was moved to the trash.", title=document.title),
        "restore": str(document.id),
    }
    flash(told, "undo")  # type: ignore[arg-type]  # the session keeps any JSON
    return redirect(local_address(request.form.get("back"), url_for("pages.trash.index")))


@pages.get("/documents/<id>/row")
def row(id: str) -> str:
    """The document as a card's list shows it, for a script to put there."""
    with begin() as tx:
        document = tx.documents.get(id)
        card = tx.cards.get(request.args.get("card", ""))
        (shown,) = rows.of_documents(tx, [document], card=card)
    return render_template("documents/row.html", row=shown)


def _page(tx: UnitOfWork, document: Document, **form: Any) -> str:
    versions = tx.documents.versions.list(document, page=page_number(), per_page=VERSIONS_PER_PAGE)
    (shown,) = rows.of_documents(tx, [document])
    people = [version.uploaded_by_id for version in versions]
    values = {"title": document.title, "kind": document.kind, "tags": ", ".join(document.tags), "card": ""}
    return render_template(
        "documents/show.html",
        row=shown,
        document=document,
        view=_view(document),
        versions=versions,
        names=tx.users.names([*people, document.trashed_by_id]),
        values=values | form.get("values", {}),
        errors=form.get("errors", {}),
        actor=actor(),
    )


def _view(document: Document) -> int:
    """Which page of the document is looked at: the one in the address, if there is such a page."""
    pages = document.current.preview_pages or 1
    return min(pages, max(1, request.args.get("view", 1, type=int)))


def _refused(id: str, errors: dict[str, str]) -> BaseResponse:
    with begin() as tx:
        page = _page(tx, tx.documents.get(id), values=request.form.to_dict(), errors=errors)
    return make_response(page, 422)


def _tags(typed: str) -> list[str]:
    return [tag for part in re.split(r"[,;\n]", typed) if (tag := part.strip().lstrip("#"))]
