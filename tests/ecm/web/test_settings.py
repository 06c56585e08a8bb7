"""What administrators set up: pipelines, fields, options, requirements, teams, rights."""

from __future__ import annotations

import pytest

from tests.ecm.web.site import Site, read, send, send_only

PAGES = ("pipelines", "fields", "fields?kind=contact", "options", "teams", "rights")


@pytest.mark.parametrize("page", PAGES)
def test_settings_are_for_administrators(site: Site, page: str) -> None:
    assert site.visit(site.alfa.admin).get(f"/settings/{page}").status_code == 200
    assert site.visit(site.alfa.olena).get(f"/settings/{page}").status_code == 403
    assert "/settings" not in read(site.visit(site.alfa.olena).get("/deals"))


def test_a_pipeline_is_added_with_its_stages_and_ends(site: Site) -> None:
    client = site.visit(site.alfa.admin)
    form = {"kind": "deal", "name": "Tenders", "stages": "Draft\nSent\n"}
    assert "Tenders" in read(send(client, "/settings/pipelines", **form))
    with site.app.begin(site.alfa.admin) as tx:
        pipeline = tx.pipelines.get("tenders", kind="deal")
        assert [stage.code for stage in pipeline.stages] == ["draft", "sent", "won", "lost"]
    again = send_only(client, "/settings/pipelines", **form)
    assert again.status_code == 422
    assert "Draft\nSent" in read(again)
    path = f"/settings/pipelines/{pipeline.id}"
    draft, sent = pipeline.stages[:2]
    send(client, path, action="add", name="Judged")
    send(client, f"{path}/stages/{sent.id}", action="up")
    send(client, f"{path}/stages/{draft.id}", name="Sketch", action="rename")
    with site.app.begin(site.alfa.admin) as tx:
        names = [stage.name for stage in tx.pipelines.get("tenders", kind="deal").stages]
    assert names == ["Sent", "Sketch", "Judged", "Won", "Lost"]
    for action, is_archived in (("archive", True), ("restore", False)):
        send(client, f"{path}/stages/{draft.id}", name="Sketch", action=action)
        with site.app.begin(site.alfa.admin) as tx:
            sketch = tx.pipelines.get("tenders", kind="deal").stages[1]
            assert (sketch.name, sketch.archived_at is not None) == ("Sketch", is_archived)
    assert "Saved." in read(send(client, path, action="archive"))
    assert "Saved." in read(send(client, path, action="restore"))


def test_a_stage_with_cards_is_not_archived_and_that_is_told(site: Site) -> None:
    with site.app.begin(site.alfa.admin) as tx:
        pipeline = tx.pipelines.default("deal")
    path = f"/settings/pipelines/{pipeline.id}/stages/{pipeline.stages[0].id}"
    page = read(send(site.visit(site.alfa.admin), path, action="archive"))
    assert "“New” is in use on 1 card." in page


def test_fields_share_their_options_and_are_required_from_a_stage_on(site: Site) -> None:
    client = site.visit(site.alfa.admin)
    form = {"kind": "lead", "name": "Segment", "type": "list", "options": "Retail\nWholesale"}
    assert "Segment" in read(send(client, "/settings/fields", **form))
    with site.app.begin(site.alfa.admin) as tx:
        field = tx.fields.by_key("lead", "segment")
        stage = tx.pipelines.stage(tx.pipelines.default("deal"), "offer")
    shared = {"kind": "deal", "name": "Segment", "type": "list", "set": str(field.option_set_id)}
    send(client, "/settings/fields", **shared)
    page = read(client.get("/settings/options"))
    assert "Deal: Segment; Lead: Segment" in page
    option = {"action": "add", "name": "State"}
    assert 'value="State"' in read(send(client, f"/settings/options/{field.option_set_id}", **option))
    required = {"kind": "deal", "field": "fields.segment", "stage": str(stage.id)}
    assert "from the stage “Sales: Offer” on" in read(send(client, "/settings/requirements", **required))
    assert "from the stage" not in read(
        send(client, "/settings/requirements", **required | {"action": "release"})
    )
    assert "archived" in read(send(client, f"/settings/fields/{field.id}", action="archive", name="Segment"))
    taken = send_only(client, "/settings/fields", **shared)
    assert taken.status_code == 422
    assert "already in use" in read(taken)


def test_options_are_ordered_renamed_and_put_away(site: Site) -> None:
    with site.app.begin(site.alfa.admin) as tx:
        kept = tx.option_sets.add("Colours", ["Red", "Green"])
        red, green = tx.option_sets.options(kept)
    client = site.visit(site.alfa.admin)
    path = f"/settings/options/{kept.id}"
    send(client, path, option=green.id, action="up", name="Green")
    send(client, path, option=red.id, action="rename", name="Crimson")
    with site.app.begin(site.alfa.admin) as tx:
        assert [each.name for each in tx.option_sets.options(kept.id)] == ["Green", "Crimson"]
    for action in ("archive", "restore", "delete"):
        assert "Saved." in read(send(client, path, option=red.id, action=action, name="Crimson"))
    assert "Shades" in read(send(client, path, action="name", name="Shades"))


def test_teams_have_members_and_members_have_rights(site: Site) -> None:
    client = site.visit(site.alfa.admin)
    assert "Kyiv" in read(send(client, "/settings/teams", name="Kyiv"))
    with site.app.begin(site.alfa.admin) as tx:
        (team,) = tx.teams.list()
    send(client, f"/settings/teams/{team.id}", name="Lviv", member=[site.alfa.olena.user_id])
    with site.app.begin(site.alfa.admin) as tx:
        assert [user.id for user in tx.teams.members(tx.teams.get(team.id))] == [site.alfa.olena.user_id]
        assert tx.teams.get(team.id).name == "Lviv"
    send(client, f"/settings/rights/{site.alfa.petro.user_id}", kind=["lead", "contact"])
    with site.app.begin(site.alfa.admin) as tx:
        assert tx.users.get(site.alfa.petro.user_id).may_not_create == ["deal", "organization"]
