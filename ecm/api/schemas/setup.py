"""The shapes of what a company sets up for its cards: pipelines, custom fields, option sets, required fields,
teams, rights, saved filters."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import Boolean, DateTime, List, Nested, Raw, String
from apiflask.validators import OneOf

from ecm.cards.kinds import KINDS
from ecm.cards.lists import NEWEST
from ecm.models import FIELD_TYPES

KIND = OneOf(list(KINDS))
MOVING = OneOf(["deal", "lead"])


class KindQuery(Schema):
    """Of which kind of card; with `archived` also what is archived."""

    kind = String(required=True, validate=KIND)
    archived = Boolean(load_default=False)


class MovingQuery(Schema):
    """For which kind of card, by default both; with `archived` also what is archived."""

    kind = String(load_default=None, validate=MOVING)
    archived = Boolean(load_default=False)


class OptionSetQuery(Schema):
    """With `archived` also archived options."""

    archived = Boolean(load_default=False)


class OrderIn(Schema):
    """An order, given by all ids."""

    ids = List(String(), required=True)


class KindOrderIn(OrderIn):
    """An order of what a kind of card has, given by all ids."""

    kind = String(required=True, validate=KIND)


class NameIn(Schema):
    """A name."""

    name = String(required=True)


class StageOut(Schema):
    """A stage. A final one has an outcome: `won`, `lost`, `quality` or `junk`."""

    id = String(required=True)
    code = String(required=True)
    name = String(required=True)
    outcome = String(required=True, allow_none=True)
    archived_at = DateTime(required=True, allow_none=True)


class PipelineOut(Schema):
    """A pipeline with its stages in their order, archived ones too."""

    id = String(required=True)
    kind = String(required=True)
    code = String(required=True)
    name = String(required=True)
    archived_at = DateTime(required=True, allow_none=True)
    stages = List(Nested(StageOut), required=True)


class PipelineList(Schema):
    """Pipelines in their order."""

    items = List(Nested(PipelineOut), required=True)


class NewStageIn(Schema):
    """A stage to make. Its code is made of its name unless it is told."""

    name = String(required=True)
    code = String(load_default=None, allow_none=True)
    outcome = String(load_default=None, allow_none=True)


class StageIn(NewStageIn):
    """A stage to add: `before` another (its code or id), or else before the final ones."""

    before = String(load_default=None, allow_none=True)


class PipelineIn(Schema):
    """A new pipeline with its stages in their order: one at least that is not final, and one for each way
    that such cards end."""

    kind = String(required=True, validate=MOVING)
    name = String(required=True)
    code = String(load_default=None, allow_none=True)
    stages = List(Nested(NewStageIn), required=True)


class PipelineOrderIn(OrderIn):
    """An order of the pipelines for a kind of card, given by all ids."""

    kind = String(required=True, validate=MOVING)


class RequirementOut(Schema):
    """A field that cards of a kind must have: always, or from a stage on."""

    kind = String(required=True)
    field = String(required=True)
    pipeline = String(required=True, allow_none=True)
    stage = String(required=True, allow_none=True)
    stage_name = String(required=True, allow_none=True)


class RequirementList(Schema):
    """All that is required of cards of a kind."""

    items = List(Nested(RequirementOut), required=True)


class RequirementQuery(Schema):
    """Of which kind of card."""

    kind = String(required=True, validate=KIND)


class RequirementIn(Schema):
    """A field of a kind of card (`fields.KEY` is a custom one): required always, or from a `stage` of a
    `pipeline` on, each by code or id."""

    kind = String(required=True, validate=KIND)
    field = String(required=True)
    pipeline = String(load_default=None, allow_none=True)
    stage = String(load_default=None, allow_none=True)


class OptionOut(Schema):
    """What can be chosen."""

    id = String(required=True)
    name = String(required=True)
    archived_at = DateTime(required=True, allow_none=True)


class OptionSetOut(Schema):
    """What can be chosen in list fields, which may share it."""

    id = String(required=True)
    name = String(required=True)
    options = List(Nested(OptionOut), required=True)


class OptionSetList(Schema):
    """Option sets, by name."""

    items = List(Nested(OptionSetOut), required=True)


class OptionSetIn(Schema):
    """A new option set, and its options in their order."""

    name = String(required=True)
    options = List(String(), load_default=list)


class FieldOut(Schema):
    """A custom field. `option_set` is the id of a list's set, and `options` what is offered in it."""

    id = String(required=True)
    kind = String(required=True)
    key = String(required=True)
    name = String(required=True)
    type = String(required=True, validate=OneOf(FIELD_TYPES))
    multiple = Boolean(required=True)
    option_set = String(required=True, allow_none=True)
    options = List(Nested(OptionOut), required=True)
    archived_at = DateTime(required=True, allow_none=True)


class FieldList(Schema):
    """The custom fields of a kind of card, in their order."""

    items = List(Nested(FieldOut), required=True)


class FieldIn(Schema):
    """A new custom field. A list has the id of an `option_set`, or `options` for a new one of its own."""

    kind = String(required=True, validate=KIND)
    name = String(required=True)
    type = String(required=True, validate=OneOf(FIELD_TYPES))
    key = String(load_default=None, allow_none=True)
    multiple = Boolean(load_default=False)
    option_set = String(load_default=None, allow_none=True)
    options = List(String(), load_default=list)
    required = Boolean(load_default=False)


class UserRef(Schema):
    """An employee by name."""

    id = String(required=True)
    name = String(required=True)


class TeamOut(Schema):
    """A team, and who is in it, by name."""

    id = String(required=True)
    name = String(required=True)
    members = List(Nested(UserRef), required=True)


class TeamList(Schema):
    """Teams, by name."""

    items = List(Nested(TeamOut), required=True)


class TeamIn(Schema):
    """A new team of employees, by their ids."""

    name = String(required=True)
    members = List(String(), load_default=list)


class TeamChange(Schema):
    """What to change of a team; `members` are all who are to be in it."""

    name = String()
    members = List(String())


class UserOut(Schema):
    """An employee. A member creates no cards of the kinds in `may_not_create`; others may always."""

    id = String(required=True)
    name = String(required=True)
    email = String(required=True, allow_none=True)
    role = String(required=True)
    may_not_create = List(String(), required=True)


class UserList(Schema):
    """Employees, by name."""

    items = List(Nested(UserOut), required=True)


class RightsIn(Schema):
    """Of which kinds a member creates no cards."""

    may_not_create = List(String(), required=True)


class ConditionOut(Schema):
    """That a field is so."""

    field = String(required=True)
    operator = String(required=True)
    value = String(required=True)


class SavedFilterOut(Schema):
    """Conditions and an order under a name; `own` ones are the caller's."""

    id = String(required=True)
    kind = String(required=True)
    name = String(required=True)
    conditions = List(Nested(ConditionOut), required=True)
    sort = String(required=True, allow_none=True)
    shared = Boolean(required=True)
    own = Boolean(required=True)


class SavedFilterList(Schema):
    """The filters that the caller may use, by name."""

    items = List(Nested(SavedFilterOut), required=True)


class SavedFilterQuery(Schema):
    """For lists of which kind of card."""

    kind = String(required=True, validate=KIND)


class SavedFilterIn(Schema):
    """A filter to keep. A condition is field:operator:value, or an object of these three."""

    kind = String(required=True, validate=KIND)
    name = String(required=True)
    conditions = List(
        Raw(metadata={"type": ["string", "object"], "example": "amount:ge:1000"}), required=True
    )
    sort = String(load_default=NEWEST)
    shared = Boolean(load_default=False)
