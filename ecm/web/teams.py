"""Teams of employees, and which cards each may make: for administrators."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from ecm.cards.kinds import KINDS
from ecm.errors import Invalid, Taken
from ecm.web import messages
from ecm.web.current import begin
from ecm.web.settings import admit, changing

pages = Blueprint("teams", __name__, url_prefix="/settings")
pages.before_request(admit)


@pages.get("/teams")
def index() -> str:
    """The teams, and who is in each."""
    return _page({}, {})


@pages.post("/teams")
def add() -> BaseResponse:
    """A new team."""
    try:
        with begin() as tx:
            tx.teams.add(request.form.get("name", ""))
    except (Invalid, Taken) as error:
        return make_response(_page(request.form, {error.field: messages.of_error(error).text}), 422)
    flash(_("Saved."), "success")
    return redirect(url_for(".index"))


@pages.post("/teams/<id>")
def change(id: str) -> BaseResponse:
    """Give a team its name and its members."""
    with changing() as tx:
        team = tx.teams.get(id)
        if request.form.get("name", team.name) != team.name:
            tx.teams.rename(team, request.form["name"])
        tx.teams.set_members(team, request.form.getlist("member"))
    return redirect(url_for(".index"))


@pages.get("/rights")
def rights() -> str:
    """Which kinds of card each employee may make."""
    with begin() as tx:
        return render_template("settings/rights.html", users=tx.users.list(), kinds=list(KINDS))


@pages.post("/rights/<id>")
def set_rights(id: str) -> BaseResponse:
    """Let an employee make cards of the chosen kinds, and of no others."""
    allowed = set(request.form.getlist("kind"))
    with changing() as tx:
        tx.users.forbid_creating(tx.users.get(id), [kind for kind in KINDS if kind not in allowed])
    return redirect(url_for(".rights"))


def _page(values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    with begin() as tx:
        teams = [(team, {user.id for user in tx.teams.members(team)}) for team in tx.teams.list()]
        return render_template(
            "settings/teams.html", teams=teams, users=tx.users.list(), values=values, errors=errors
        )
