"""Employees, and what they may create."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from ecm.api import shown
from ecm.api.authentication import current_actor, library
from ecm.api.schemas.setup import RightsIn, UserList, UserOut
from ecm.models import User

blueprint = APIBlueprint("users", __name__, url_prefix="/api/v1/users")


@blueprint.get("")
@blueprint.output(UserList)
def list_users() -> Response:
    """The company's employees who may log in, by name."""
    with library().begin(current_actor()) as tx:
        return shown.answer({"items": [_show(each) for each in tx.users.list()]})


@blueprint.put("/<id>/rights")
@blueprint.input(RightsIn)
@blueprint.output(UserOut)
@blueprint.doc(responses=[403])
def set_rights(id: str, json_data: dict[str, Any]) -> Response:
    """Let a member create no cards of these kinds, and of all others. For administrators."""
    with library().begin(current_actor()) as tx:
        user = tx.users.get(id)
        tx.users.forbid_creating(user, json_data["may_not_create"])
        return shown.answer(_show(user))


def _show(each: User) -> shown.Json:
    return {
        "id": str(each.id),
        "name": each.name,
        "email": each.email,
        "role": each.role,
        "may_not_create": list(each.may_not_create),
    }
