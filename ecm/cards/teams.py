"""Teams: employees who work on the same cards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from ecm.access import require_admin
from ecm.errors import Invalid, NotFound, Taken
from ecm.ids import parse_id
from ecm.models import Team, TeamMember, User
from ecm.texts import clean_line

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

NAME_MOST_CHARS = 100


class Teams:
    """The company's teams, within a unit of work. Administrators change them."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def add(self, name: str) -> Team:
        """A new team. Taken: there is one of that name."""
        require_admin(self._tx.require_actor(), "adding a team")
        cleaned = self._free_name(name)
        team = Team(company_id=self._tx.company_id, name=cleaned)
        try:
            with self._tx.session.begin_nested():
                self._tx.session.add(team)
        except IntegrityError:  # made by somebody else since we looked
            raise Taken("name", cleaned) from None
        self._tx.audit.record("team.added", "team", team.id, name=team.name)
        return team

    def get(self, id: int | str) -> Team:
        """A team by id. NotFound."""
        team = self._tx.session.get(Team, parse_id("team", id))
        if team is None or team.company_id != self._tx.company_id:
            raise NotFound("team", id)
        return team

    def list(self) -> Sequence[Team]:
        """All teams, by name."""
        query = select(Team).where(Team.company_id == self._tx.company_id).order_by(Team.name)
        return list(self._tx.session.scalars(query))

    def rename(self, team: Team, name: str) -> None:
        """Give a team another name. Taken."""
        require_admin(self._tx.require_actor(), "renaming a team")
        team = self.get(team.id)
        cleaned = self._free_name(name, but=team)
        try:
            with self._tx.session.begin_nested():
                team.name = cleaned
        except IntegrityError:  # taken by somebody else since we looked
            raise Taken("name", cleaned) from None
        self._tx.audit.record("team.renamed", "team", team.id, name=team.name)

    def members(self, team: Team) -> Sequence[User]:
        """Who is in a team, by name."""
        query = select(User).join(TeamMember, TeamMember.user_id == User.id)
        query = query.where(TeamMember.team_id == team.id, User.company_id == self._tx.company_id)
        return list(self._tx.session.scalars(query.order_by(User.name)))

    def members_of(self, teams: Sequence[Team]) -> dict[int, Sequence[User]]:
        """Who is in each of some teams, by the teams' ids; in one statement for any number."""
        found: dict[int, tuple[User, ...]] = {team.id: () for team in teams}
        query = select(TeamMember.team_id, User).join(User, TeamMember.user_id == User.id)
        query = query.where(TeamMember.team_id.in_(found), User.company_id == self._tx.company_id)
        for team_id, user in self._tx.session.execute(query.order_by(User.name, User.id)):
            found[team_id] += (user,)
        return dict(found)

    def set_members(self, team: Team, user_ids: Sequence[int | str]) -> None:
        """Have exactly these employees in a team. NotFound."""
        require_admin(self._tx.require_actor(), "changing a team")
        team = self.get(team.id)
        users = {self._tx.users.get(id).id for id in user_ids}
        self._tx.session.execute(delete(TeamMember).where(TeamMember.team_id == team.id))
        self._tx.session.add_all(TeamMember(team_id=team.id, user_id=id) for id in sorted(users))
        self._tx.session.flush()
        self._tx.audit.record("team.changed", "team", team.id, members=len(users))

    def _free_name(self, name: str, but: Team | None = None) -> str:
        cleaned = clean_line("name", name)
        if len(cleaned) > NAME_MOST_CHARS:
            raise Invalid("name", f"{NAME_MOST_CHARS} characters at most")
        if any(each.name == cleaned for each in self.list() if but is None or each.id != but.id):
            raise Taken("name", cleaned)
        return cleaned
