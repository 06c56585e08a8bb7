"""The shapes of requests and answers, for checking what comes in and for the OpenAPI document.

Answers are built in `shown`; a test compares them with these.
"""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import Boolean, DateTime, Integer, List, Nested, Raw, String
from apiflask.validators import OneOf, Range
from marshmallow import INCLUDE

from ecm.access import ROLES
from ecm.documents import KINDS
from ecm.paging import PER_PAGE_MOST

BYTES = Range(min=0, max=2**62 - 1)
"""What a database can hold."""
SCOPES = ("company", "user", "unlimited")


class PageQuery(Schema):
    """Which page of a list."""

    page = Integer(load_default=1, validate=Range(min=1, max=10**9))
    per_page = Integer(load_default=50, validate=Range(min=1, max=PER_PAGE_MOST))


class PageOut(Schema):
    """What all lists have in common. With `total_capped` there are more than `total`."""

    total = Integer(required=True)
    page = Integer(required=True)
    per_page = Integer(required=True)
    total_capped = Boolean()


class Problem(Schema):
    """An error (RFC 9457). Its facts stand beside these."""

    class Meta:
        """There may be more."""

        unknown = INCLUDE

    type = String(required=True)
    title = String(required=True)
    status = Integer(required=True)
    detail = String(required=True)
    code = String(required=True)


class Credentials(Schema):
    """Who logs in."""

    email = String(required=True)
    password = String(required=True)


class TokenOut(Schema):
    """A token; it is shown this once."""

    token = String(required=True)


class CompanyRef(Schema):
    """A company by name."""

    id = String(required=True)
    name = String(required=True)


class MeOut(Schema):
    """Who asks."""

    id = String(required=True)
    email = String(required=True, allow_none=True)
    name = String(required=True)
    role = String(required=True, validate=OneOf(ROLES))
    company = Nested(CompanyRef, required=True)


class TariffOut(Schema):
    """A rule on stored bytes; a limit of null is unlimited."""

    code = String(required=True)
    scope = String(required=True, validate=OneOf(SCOPES))
    limit_bytes = Integer(required=True, allow_none=True)


class TariffPage(PageOut):
    """Tariffs, the smallest first."""

    items = List(Nested(TariffOut), required=True)


class TariffIn(Schema):
    """A tariff to add. A limit is needed unless the scope is `unlimited`."""

    code = String(required=True)
    scope = String(required=True, validate=OneOf(SCOPES))
    limit_bytes = Integer(strict=True, validate=BYTES, load_default=None, allow_none=True)


class TariffChangeIn(Schema):
    """How to edit a tariff, for all companies that are on it."""

    scope = String(required=True, validate=OneOf(SCOPES))
    limit_bytes = Integer(strict=True, validate=BYTES, load_default=None, allow_none=True)


class UsageOut(Schema):
    """Bytes in use: of versions (the trash too), and of uploads under way."""

    used_bytes = Integer(required=True)
    reserved_bytes = Integer(required=True)


class QuotaOut(Schema):
    """What the caller may still store; null is unlimited."""

    tariff = Nested(TariffOut, required=True)
    company = Nested(UsageOut, required=True)
    user = Nested(UsageOut, required=True)
    available_bytes = Integer(required=True, allow_none=True)
    trash_bytes = Integer(required=True)
    purgeable_bytes = Integer(required=True)


class PreflightIn(Schema):
    """How much somebody wants to store."""

    size_bytes = Integer(strict=True, validate=BYTES, required=True)


class WouldFree(Schema):
    """What emptying the trash would free."""

    trash_bytes = Integer(required=True)
    purgeable_bytes = Integer(required=True)


class PreflightOut(Schema):
    """Whether it fits just now."""

    fits = Boolean(required=True)
    available_bytes = Integer(required=True, allow_none=True)
    would_free = Nested(WouldFree, required=True)


class CardRef(Schema):
    """A card by title."""

    id = String(required=True)
    kind = String(required=True)
    title = String(required=True)


class DocumentOut(Schema):
    """A document, with what its current version holds."""

    id = String(required=True)
    title = String(required=True)
    kind = String(required=True, validate=OneOf(KINDS))
    tags = List(String(), required=True)
    cards = List(Nested(CardRef), required=True)
    version = Integer(required=True)
    size_bytes = Integer(required=True)
    media_type = String(required=True)
    sha256 = String(required=True)
    filename = String(required=True)
    uploaded_by = String(required=True)
    uploaded_by_name = String(required=True, allow_none=True)
    uploaded_at = DateTime(required=True)
    text_state = String(required=True)
    text_reason = String(required=True, allow_none=True)
    preview_state = String(required=True)
    preview_pages = Integer(required=True, allow_none=True)
    preview_reason = String(required=True, allow_none=True)
    created_at = DateTime(required=True)
    updated_at = DateTime(required=True)
    trashed_at = DateTime(required=True, allow_none=True)
    trashed_by = String(required=True, allow_none=True)
    trashed_by_name = String(required=True, allow_none=True)


class DocumentPage(PageOut):
    """Documents, the newest first."""

    items = List(Nested(DocumentOut), required=True)


class Duplicate(Schema):
    """Another document of the company with the same content."""

    id = String(required=True)
    title = String(required=True)
    cards = List(Nested(CardRef), required=True)


class StoredOut(DocumentOut):
    """A document that was just stored."""

    duplicates = List(Nested(Duplicate), required=True)


class DocumentChange(Schema):
    """What to change of a document. `cards` are the ids of all cards that it is to be on."""

    title = String()
    kind = String()
    tags = List(String())
    cards = List(String())


class UploadQuery(Schema):
    """What is said of a raw body."""

    filename = String()
    title = String()
    kind = String()
    tags = List(String())


class VersionQuery(Schema):
    """What is said of a raw body that is a version."""

    filename = String()


class UploadForm(Schema):
    """A form with a file. `size_bytes` before it makes the limit exact to the byte."""

    size_bytes = String()
    title = String()
    kind = String()
    tags = List(String())
    file = Raw(required=True, metadata={"type": "string", "format": "binary"})


class IdempotencyHeader(Schema):
    """A repeated request with the same key is answered as the first was."""

    key = String(data_key="Idempotency-Key")


class DeletionQuery(Schema):
    """To the trash, or for good."""

    purge = Boolean(load_default=False)


class VersionOut(Schema):
    """One upload of a document's content."""

    document = String(required=True)
    version = Integer(required=True)
    current = Boolean(required=True)
    size_bytes = Integer(required=True)
    media_type = String(required=True)
    sha256 = String(required=True)
    filename = String(required=True)
    uploaded_by = String(required=True)
    uploaded_by_name = String(required=True, allow_none=True)
    uploaded_at = DateTime(required=True)
    text_state = String(required=True)
    text_reason = String(required=True, allow_none=True)
    preview_state = String(required=True)
    preview_pages = Integer(required=True, allow_none=True)
    preview_reason = String(required=True, allow_none=True)


class VersionPage(PageOut):
    """A document's versions, the newest first."""

    items = List(Nested(VersionOut), required=True)


class ContentQuery(Schema):
    """Which content, and how."""

    version = String(load_default=None)
    inline = Boolean(load_default=False)


class TextQuery(Schema):
    """Which version's text."""

    version = String(load_default=None)


class PreviewQuery(Schema):
    """Which page, and how wide: the picture has the next width of 240, 800 and 1600 pixels."""

    page = Integer(load_default=1, validate=Range(min=1, max=10**6))
    width = Integer(load_default=800, validate=Range(min=1, max=10**6))
    version = String(load_default=None)


class PreviewPending(Schema):
    """There is no picture yet. Ask again after `Retry-After` seconds."""

    preview_state = String(required=True)


class EmptiedOut(Schema):
    """What emptying the trash has freed."""

    purged = Integer(required=True)
    freed_bytes = Integer(required=True)


class TariffChoice(Schema):
    """Which tariff a company is to have; with `dry_run` only the effect is told."""

    code = String(required=True)
    dry_run = Boolean(load_default=False)


class OverOut(Schema):
    """Who holds more than the tariff allows."""

    scope = String(required=True)
    user_id = String(required=True, allow_none=True)
    email = String(required=True, allow_none=True)
    used_bytes = Integer(required=True)
    limit_bytes = Integer(required=True)
    over_bytes = Integer(required=True)


class TariffChangeOut(Schema):
    """The effect of a change of tariff."""

    code = String(required=True)
    applied = Boolean(required=True)
    over = List(Nested(OverOut), required=True)


class CompanyIn(Schema):
    """A new company."""

    name = String(required=True)
    tariff = String(load_default="free")


class CompanyOut(Schema):
    """A company on the installation. `held_bytes` is what its tariff's limit is compared with."""

    id = String(required=True)
    name = String(required=True)
    created_at = DateTime(required=True)
    tariff = Nested(TariffOut, required=True)
    held_bytes = Integer(required=True)


class CompanyPage(PageOut):
    """Companies, the newest first."""

    items = List(Nested(CompanyOut), required=True)
