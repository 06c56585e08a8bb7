"""The shapes of who logs in and who asks."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import Nested, String
from apiflask.validators import OneOf

from ecm.access import ROLES


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
