"""The shapes of search: what is asked, what was found, what is offered."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import Boolean, DateTime, Float, Integer, List, Nested, String
from apiflask.validators import Length, OneOf, Range

from ecm.api.schemas import PageOut
from ecm.api.schemas.documents import DocumentOut, Duplicate
from ecm.finding import SORTS
from ecm.likeness import LIMIT_MOST
from ecm.paging import PER_PAGE_MOST
from ecm.search.query import MAX_LENGTH


class SearchQuery(Schema):
    """What to find. `client` is the id of a contact or organization, or words of its name. `from` and `to`
    are upload days, both included, UTC; `by` is a user's id, name or e-mail. `facets=0` leaves them out; with
    `remember=1` the query becomes a recent search of the user."""

    q = String(load_default="")
    deal = String(load_default=None)
    client = String(load_default=None, metadata={"example": "Альфа"})
    card = String(load_default=None, metadata={"description": "the id of a card of any kind"})
    kind = String(load_default=None)
    tag = String(load_default=None)
    from_ = String(load_default=None, data_key="from", metadata={"example": "2026-01-31"})
    to = String(load_default=None, metadata={"example": "2026-01-31"})
    format = String(load_default=None, metadata={"example": "pdf"})
    year = String(load_default=None, metadata={"example": "2026"})
    by = String(load_default=None)
    sort = String(load_default="relevance", validate=OneOf(SORTS))
    page = Integer(load_default=1, validate=Range(min=1, max=10**9))
    per_page = Integer(load_default=20, validate=Range(min=1, max=PER_PAGE_MOST))
    facets = Boolean(load_default=True)
    remember = Boolean(load_default=False)


class Found(Schema):
    """A document that was found. The snippet is HTML: escaped text with <mark> around what was sought."""

    document = Nested(DocumentOut, required=True)
    snippet = String(required=True)
    score = Float(required=True)


class FacetOption(Schema):
    """A value that so many of all hits have."""

    value = String(required=True)
    count = Integer(required=True)


class UploaderOption(FacetOption):
    """A user, by id, who has uploaded so many of all hits."""

    name = String(required=True, allow_none=True)


class Facets(Schema):
    """The values among all hits, the most frequent first. Each can be given as the parameter of its name."""

    kind = List(Nested(FacetOption), required=True)
    year = List(Nested(FacetOption), required=True)
    format = List(Nested(FacetOption), required=True)
    by = List(Nested(UploaderOption), required=True)
    tag = List(Nested(FacetOption), required=True)


class SearchOut(PageOut):
    """What was found; changes up to `indexed_up_to` are considered, `pending` documents wait. While the index
    is `rebuilding`, documents may be missing. `did_you_mean` is a query that finds more."""

    items = List(Nested(Found), required=True)
    facets = Nested(Facets)
    did_you_mean = String(required=True, allow_none=True)
    indexed_up_to = DateTime(required=True)
    pending = Integer(required=True)
    rebuilding = Boolean(required=True)


class SuggestionsQuery(Schema):
    """What has been typed so far."""

    q = String(load_default="", validate=Length(max=MAX_LENGTH))


class Suggestions(Schema):
    """What to offer: documents by title, and the user's own recent searches."""

    documents = List(Nested(Duplicate), required=True)
    searches = List(String(), required=True)


class SimilarQuery(Schema):
    """How many documents at most."""

    limit = Integer(load_default=10, validate=Range(min=1, max=LIMIT_MOST))


class Alike(Schema):
    """A document that is like another one, from 0 to 1."""

    document = Nested(DocumentOut, required=True)
    likeness = Float(required=True)


class SimilarOut(Schema):
    """Documents like one, the most alike first."""

    items = List(Nested(Alike), required=True)
