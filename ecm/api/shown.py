"""Answers: what of the domain's things is shown, and in which shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

from flask import Response, current_app

from ecm.models import Card, Company, CompanyUsage, Document, Tariff, Version
from ecm.paging import Page
from ecm.tariffs import Quota, TariffChange, Usage
from ecm.unit_of_work import UnitOfWork

T = TypeVar("T")
Json = dict[str, Any]
Names = Mapping[int, str]

CENTS = Decimal("0.01")


def answer(body: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response."""
    text = current_app.json.dumps(body, separators=(",", ":"))
    response = current_app.response_class(
        text, status=status, mimetype="application/json", headers=dict(headers or {})
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def nothing() -> Response:
    """A response that says it is done."""
    return current_app.response_class(status=204)


def time(at: datetime | None) -> str | None:
    """A time in ISO 8601, in UTC."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def page(found: Page[T], items: list[Json]) -> Json:
    """One page of a list."""
    body: Json = {"items": items, "total": found.total, "page": found.page, "per_page": found.per_page}
    if found.total_capped:
        body["total_capped"] = True
    return body


def money(amount: Decimal | None) -> str | None:
    """An amount with two places, or with four where it needs them."""
    if amount is None:
        return None
    short = amount.quantize(CENTS)
    return str(short if short == amount else amount.quantize(Decimal("0.0001")))


def card(each: Card) -> Json:
    """A card by title."""
    return {"id": str(each.id), "kind": each.kind, "title": each.title}


def document(each: Document, names: Names) -> Json:
    """A document, with what its current version holds."""
    return {
        "id": str(each.id),
        "title": each.title,
        "kind": each.kind,
        "tags": each.tags,
        "cards": [card(one) for one in each.cards if one.deleted_at is None],
        "version": each.current_version,
        **_content(each.current, names),
        "created_at": time(each.created_at),
        "updated_at": time(each.updated_at),
        "trashed_at": time(each.trashed_at),
        "trashed_by": _id(each.trashed_by_id),
        "trashed_by_name": _name(names, each.trashed_by_id),
    }


def duplicate(each: Document) -> Json:
    """Another document with the same content."""
    cards = [card(one) for one in each.cards if one.deleted_at is None]
    return {"id": str(each.id), "title": each.title, "cards": cards}


def version(each: Version, current: int, names: Names) -> Json:
    """A version; `current` is the number of the one that its document shows."""
    return {
        "document": str(each.document_id),
        "version": each.number,
        "current": each.number == current,
        **_content(each, names),
    }


def names_in(tx: UnitOfWork, documents: Iterable[Document]) -> dict[int, str]:
    """The names of those who uploaded or trashed documents."""
    return tx.users.names(
        id for each in documents for id in (each.current.uploaded_by_id, each.trashed_by_id)
    )


def tariff(each: Tariff | CompanyUsage) -> Json:
    """A tariff, or the one that a company is on."""
    code = each.tariff_code if isinstance(each, CompanyUsage) else each.code
    return {"code": code, "scope": each.scope, "limit_bytes": each.limit_bytes}


def usage(each: Usage) -> Json:
    """Bytes in use."""
    return {"used_bytes": each.used_bytes, "reserved_bytes": each.reserved_bytes}


def quota(each: Quota) -> Json:
    """What somebody may still store."""
    return {
        "tariff": {"code": each.tariff_code, "scope": each.scope, "limit_bytes": each.limit_bytes},
        "company": usage(each.company),
        "user": usage(each.user),
        "available_bytes": each.available_bytes,
        "trash_bytes": each.trash_bytes,
        "purgeable_bytes": each.purgeable_bytes,
    }


def tariff_change(each: TariffChange) -> Json:
    """The effect of a change of tariff."""
    over = [
        {
            "scope": one.scope,
            "user_id": str(one.user.id) if one.user else None,
            "email": one.user.email if one.user else None,
            "used_bytes": one.used_bytes,
            "limit_bytes": one.limit_bytes,
            "over_bytes": one.over_bytes,
        }
        for one in each.over
    ]
    return {"code": each.code, "applied": each.applied, "over": over}


def company(each: Company, row: CompanyUsage) -> Json:
    """A company on the installation."""
    return {
        "id": str(each.id),
        "name": each.name,
        "created_at": time(each.created_at),
        "tariff": tariff(row),
        "held_bytes": row.held_bytes,
    }


def _content(each: Version, names: Names) -> Json:
    return {
        "size_bytes": each.size_bytes,
        "media_type": each.media_type,
        "sha256": each.sha256,
        "filename": each.filename,
        "uploaded_by": str(each.uploaded_by_id),
        "uploaded_by_name": _name(names, each.uploaded_by_id),
        "uploaded_at": time(each.uploaded_at),
        "text_state": each.text_state,
        "text_reason": each.text_reason,
        "preview_state": each.preview_state,
        "preview_pages": each.preview_pages,
        "preview_reason": each.preview_reason,
    }


def _id(id: int | None) -> str | None:
    return None if id is None else str(id)


def _name(names: Names, id: int | None) -> str | None:
    return None if id is None else names.get(id)
