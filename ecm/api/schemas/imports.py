"""The shapes of imports."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import Boolean, DateTime, Integer, List, Nested, String
from apiflask.validators import OneOf, Range

from ecm.api.schemas import PageOut, PageQuery
from ecm.api.schemas.setup import KIND
from ecm.importing.imports import DUPLICATES, PREVIEWED_ROWS, STATES


class ImportQuery(Schema):
    """Of which kind of card the table is, and the name of a raw body's file."""

    kind = String(required=True, validate=KIND)
    filename = String(load_default="table")


class ImportIn(Schema):
    """What to change: the field that each column goes to (null: nowhere), and what becomes of rows whose card
    is there already."""

    mapping = List(String(allow_none=True))
    duplicates = String(validate=OneOf(DUPLICATES))


class ProgressOut(Schema):
    """How many rows came to which state."""

    total = Integer(required=True)
    waiting = Integer(required=True)
    made = Integer(required=True)
    updated = Integer(required=True)
    skipped = Integer(required=True)
    refused = Integer(required=True)


class ImportOut(Schema):
    """An import. `state` is `read`, `running` or `done`; `targets` are the fields that columns can go to."""

    id = String(required=True)
    kind = String(required=True)
    filename = String(required=True)
    state = String(required=True)
    header = List(String(), required=True)
    mapping = List(String(allow_none=True), required=True)
    targets = List(String(), required=True)
    duplicates = String(required=True)
    progress = Nested(ProgressOut, required=True)
    created_at = DateTime(required=True)
    finished_at = DateTime(required=True, allow_none=True)


class ImportPage(PageOut):
    """The caller's imports, the latest first."""

    items = List(Nested(ImportOut), required=True)


class RowErrorOut(Schema):
    """What is wrong with a row: the field (empty: the row as a whole), its column in the table, and why."""

    field = String(required=True)
    column = String(required=True, allow_none=True)
    reason = String(required=True)


class RowOut(Schema):
    """A row, and what became or would become of it: `made`, `updated`, `skipped`, `refused` or `waiting`.
    `card` is that which was made, changed or found. Cells are kept until there is one."""

    number = Integer(required=True)
    state = String(required=True)
    card = String(required=True, allow_none=True)
    cells = List(String(), required=True)
    errors = List(Nested(RowErrorOut), required=True)


class PreviewQuery(Schema):
    """Which rows: after the one of a number."""

    after = Integer(load_default=0, validate=Range(min=0, max=10**9))
    limit = Integer(load_default=PREVIEWED_ROWS, validate=Range(min=1, max=PREVIEWED_ROWS))


class PreviewOut(Schema):
    """What would become of some rows; with `more` others follow."""

    items = List(Nested(RowOut), required=True)
    more = Boolean(required=True)


class RowsQuery(PageQuery):
    """Rows that came to a state."""

    state = String(load_default="refused", validate=OneOf(STATES))


class RowPage(PageOut):
    """Rows in the order of the table."""

    items = List(Nested(RowOut), required=True)
