"""Teams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from ecm.api import shown
from ecm.api.authentication import current_actor, library
from ecm.api.schemas.setup import TeamChange, TeamIn, TeamList, TeamOut
from ecm.models import Team, User

blueprint = APIBlueprint("teams", __name__, url_prefix="/api/v1/teams")


@blueprint.get("")
@blueprint.output(TeamList)
def list_teams() -> Response:
    """The company's teams, by name."""
    with library().begin(current_actor()) as tx:
        found = tx.teams.list()
        members = tx.teams.members_of(found)
        return shown.answer({"items": [_show(each, members[each.id]) for each in found]})


@blueprint.post("")
@blueprint.input(TeamIn)
@blueprint.output(TeamOut, status_code=201)
@blueprint.doc(responses=[403, 409])
def add(json_data: dict[str, Any]) -> Response:
    """Add a team. For administrators."""
    with library().begin(current_actor()) as tx:
        team = tx.teams.add(json_data["name"])
        tx.teams.set_members(team, json_data["members"])
        return shown.answer(
            _show(team, tx.teams.members(team)), 201, {"Location": f"/api/v1/teams/{team.id}"}
        )


@blueprint.get("/<id>")
@blueprint.output(TeamOut)
def get(id: str) -> Response:
    """One team."""
    with library().begin(current_actor()) as tx:
        team = tx.teams.get(id)
        return shown.answer(_show(team, tx.teams.members(team)))


@blueprint.patch("/<id>")
@blueprint.input(TeamChange)
@blueprint.output(TeamOut)
@blueprint.doc(responses=[403, 409])
def change(id: str, json_data: dict[str, Any]) -> Response:
    """Give a team another name, or other members. For administrators."""
    with library().begin(current_actor()) as tx:
        team = tx.teams.get(id)
        if "name" in json_data:
            tx.teams.rename(team, json_data["name"])
        if "members" in json_data:
            tx.teams.set_members(team, json_data["members"])
        return shown.answer(_show(team, tx.teams.members(team)))


def _show(team: Team, members: Sequence[User]) -> shown.Json:
    shown_members = [{"id": str(user.id), "name": user.name} for user in members]
    return {"id": str(team.id), "name": team.name, "members": shown_members}
