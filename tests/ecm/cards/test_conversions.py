"""Converting leads: every rule of it, and all combinations of what a lead can be converted to."""

from __future__ import annotations

import io
import threading
from collections import Counter
from itertools import combinations

import pytest
from sqlalchemy import event, func, select

from ecm import Actor, Ecm, clock
from ecm.cards.conversion_drafts import TARGETS, Target
from ecm.errors import (
    DuplicatesFound,
    Forbidden,
    Invalid,
    LeadConverted,
    ManagedByApplication,
    MissingFields,
    NotFound,
)
from ecm.models import Card, Contact, Conversion, Deal, Lead, Organization, TimelineEntry
from ecm.unit_of_work import UnitOfWork
from tests.firms import Firm, usage

ON_SQLITE = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)
COMBINATIONS = [frozenset(some) for count in (1, 2, 3) for some in combinations(TARGETS, count)]
PHONE, EMAIL, TAX_NUMBER = "+380 44 123-45-67", "iryna@mriya.example", "32855961"


def add_lead(tx: UnitOfWork, **more: object) -> Lead:
    given: dict[str, object] = {
        "last_name": "Мельник",
        "first_name": "Ірина",
        "organization_name": "Мрія Логістик",
        "tax_number": TAX_NUMBER,
        "phones": [PHONE],
        "emails": [EMAIL],
        "amount": "90000.00",
        "source": "сайт",
    }
    return tx.leads.add("Сервери для складу", **(given | more))  # type: ignore[arg-type]


def targets_of(kinds: frozenset[str]) -> dict[str, Target]:
    return {kind: Target(pipeline="sales") if kind == "deal" else Target() for kind in kinds}


def count_cards(app: Ecm, firm: Firm) -> dict[str, int]:
    with app.begin(firm.admin) as tx:
        query = select(Card.kind, func.count()).where(Card.company_id == tx.company_id)
        counts = {kind: count for kind, count in tx.session.execute(query.group_by(Card.kind))}  # noqa: C416
        entries = tx.session.scalar(select(func.count()).select_from(TimelineEntry)) or 0
        conversions = tx.session.scalar(select(func.count()).select_from(Conversion)) or 0
    return counts | {"entries": entries, "conversions": conversions}


def forbid(app: Ecm, firm: Firm, kinds: frozenset[str]) -> Actor:
    """Olena, who may not create cards of these kinds."""
    with app.begin(firm.admin) as tx:
        tx.users.forbid_creating(tx.users.get(firm.olena.user_id), kinds)
    return app.actor(firm.olena.user_id)


@ON_SQLITE
@pytest.mark.parametrize("case", ["all data there", "a field missing", "a duplicate", "no right"])
@pytest.mark.parametrize("kinds", COMBINATIONS, ids=lambda kinds: "+".join(sorted(kinds)))
def test_each_combination_of_targets(app: Ecm, alfa: Firm, kinds: frozenset[str], case: str) -> None:
    asked = {"contact": "address", "organization": "website", "deal": "expected_close"}
    if case == "a field missing":
        with app.begin(alfa.admin) as tx:
            for kind in kinds:
                tx.requirements.require(kind, asked[kind])
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
    if case == "a duplicate":
        with app.begin(alfa.petro) as tx:
            tx.contacts.add(last_name="Мельник", phones=["(044) 123 45 67 дод. 5"])
            tx.organizations.add("ТОВ Мрія", tax_number=TAX_NUMBER)
    actor = forbid(app, alfa, kinds) if case == "no right" else alfa.olena
    refusals: dict[str, type[Exception]] = {
        "a field missing": MissingFields,
        "no right": Forbidden,
    }
    if kinds & {"contact", "organization"}:
        refusals["a duplicate"] = DuplicatesFound
    before = count_cards(app, alfa)
    if refusal := refusals.get(case):
        with pytest.raises(refusal) as refused, app.begin(actor) as tx:
            tx.conversions.convert(tx.leads.get(lead.id), targets_of(kinds))
        assert count_cards(app, alfa) == before
        if isinstance(refused.value, MissingFields):
            assert {(each.kind, each.field) for each in refused.value.missing} == {
                (kind, asked[kind]) for kind in kinds
            }
        if isinstance(refused.value, DuplicatesFound):
            found = {each["target"] for each in refused.value.duplicates}
            assert found == kinds & {"contact", "organization"}
        with app.begin(alfa.olena) as tx:
            assert tx.leads.get(lead.id).converted_at is None
        return
    with app.begin(actor) as tx:
        conversion = tx.conversions.convert(tx.leads.get(lead.id), targets_of(kinds))
        assert set(conversion.created) == kinds
    check_made(app, alfa, lead, kinds)


@ON_SQLITE
@pytest.mark.parametrize(
    ("kinds", "forbidden"),
    [(kinds, kind) for kinds in COMBINATIONS if len(kinds) > 1 for kind in sorted(kinds)],
    ids=lambda each: each if isinstance(each, str) else "+".join(sorted(each)),
)
def test_one_target_without_the_right_refuses_them_all(
    app: Ecm, alfa: Firm, kinds: frozenset[str], forbidden: str
) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
    before = count_cards(app, alfa)
    actor = forbid(app, alfa, frozenset((forbidden,)))
    with app.begin(actor) as tx:
        assert forbidden not in tx.conversions.offered(tx.leads.get(lead.id))
    with pytest.raises(Forbidden), app.begin(actor) as tx:
        tx.conversions.convert(tx.leads.get(lead.id), targets_of(kinds))
    assert count_cards(app, alfa) == before
    with app.begin(actor) as tx:
        tx.conversions.convert(tx.leads.get(lead.id), targets_of(kinds - {forbidden}))
    check_made(app, alfa, lead, kinds - {forbidden})


def check_made(app: Ecm, firm: Firm, lead: Lead, kinds: frozenset[str]) -> None:
    with app.begin(firm.olena) as tx:
        converted = tx.leads.get(lead.id)
        conversion = tx.conversions.of(converted)
        assert conversion is not None
        made = {
            kind: tx.cards.get(id, kind=kind)
            for kind in TARGETS
            if (id := getattr(conversion, f"{kind}_id")) is not None
        }
        assert made.keys() == kinds
        assert all(card.lead_id == lead.id for card in made.values())
        assert (converted.stage.outcome, converted.converted_at is not None) == ("quality", True)
        if isinstance(deal := made.get("deal"), Deal):
            assert (deal.title, str(deal.amount), deal.source) == ("Сервери для складу", "90000.00", "сайт")
            assert deal.contact_id == conversion.contact_id
            assert deal.organization_id == conversion.organization_id
        if isinstance(contact := made.get("contact"), Contact):
            assert contact.last_name == "Мельник"
            points = tx.contact_points.of([contact.id])[contact.id]
            assert {point.value for point in points} == {PHONE, EMAIL}
        if isinstance(organization := made.get("organization"), Organization):
            assert (organization.title, organization.tax_number) == ("Мрія Логістик", TAX_NUMBER)


@ON_SQLITE
def test_a_deal_needs_its_pipeline_chosen_first(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
        with pytest.raises(MissingFields) as refused:
            tx.conversions.convert(lead, {"deal": Target()})
        assert [(each.kind, each.field) for each in refused.value.missing] == [("deal", "pipeline")]


@ON_SQLITE
def test_what_the_chosen_pipelines_stage_requires_is_asked_for_by_name(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        sales = tx.pipelines.default("deal")
        tx.requirements.require("deal", "expected_close", tx.pipelines.stage(sales, "offer"))
        field = tx.fields.add("deal", "Умови оплати", "text")
        tx.requirements.require("deal", f"fields.{field.key}", tx.pipelines.stage(sales, "offer"))
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
        target = Target(pipeline="sales", stage="offer")
        plan = tx.conversions.plan(lead, {"deal": target})
        assert [(each.name, each.stage) for each in plan.missing] == [
            ("expected_close", "Offer"),
            ("Умови оплати", "Offer"),
        ]
        filled = {"expected_close": "2026-12-31", f"fields.{field.key}": "50 % наперед"}
        conversion = tx.conversions.convert(
            lead, {"deal": Target(pipeline="sales", stage="offer", values=filled)}
        )
        deal = tx.deals.get(conversion.deal_id or 0)
        assert (deal.stage.code, str(deal.expected_close)) == ("offer", "2026-12-31")
        assert tx.field_values.of([deal.id])[deal.id] == {field.key: "50 % наперед"}


@ON_SQLITE
def test_a_plan_writes_nothing(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
    before = count_cards(app, alfa)
    with app.begin(alfa.olena) as tx:
        plan = tx.conversions.plan(tx.leads.get(lead.id), targets_of(COMBINATIONS[-1]))
    assert (plan.offered, plan.missing, dict(plan.duplicates)) == (TARGETS, (), {})
    assert count_cards(app, alfa) == before


@ON_SQLITE
def test_a_refusal_leaves_nothing_in_an_applications_own_transaction(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
    before = count_cards(app, alfa)
    with app.begin(alfa.olena) as tx, pytest.raises(Invalid):
        tx.conversions.convert(
            tx.leads.get(lead.id),
            {"contact": Target(), "deal": Target(pipeline="sales", values={"expected_close": "колись"})},
        )
    assert count_cards(app, alfa) == before


@ON_SQLITE
def test_a_target_that_the_user_may_not_create_is_not_offered(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
    actor = forbid(app, alfa, frozenset({"organization"}))
    with app.begin(actor) as tx:
        assert tx.conversions.offered(tx.leads.get(lead.id)) == ("contact", "deal")


@ON_SQLITE
def test_an_existing_contact_and_organization_are_reused_and_keep_their_owner(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.petro) as tx:
        contact = tx.contacts.add(last_name="Мельник", phones=[PHONE])
        organization = tx.organizations.add("ТОВ Мрія")
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
        conversion = tx.conversions.convert(
            lead,
            {
                "contact": Target(existing=contact.id),
                "organization": Target(existing=organization.id),
                "deal": Target(pipeline="sales"),
            },
        )
        assert conversion.created == ["deal"]
        deal = tx.deals.get(conversion.deal_id or 0)
        assert (deal.contact_id, deal.organization_id) == (contact.id, organization.id)
        again = tx.contacts.get(contact.id)
        assert (again.owner_id, again.title, again.lead_id) == (alfa.petro.user_id, contact.title, None)
        assert tx.timeline.list(again).items[0].kind == "joined.by_lead"


@ON_SQLITE
def test_what_is_made_of_a_lead_whose_owner_has_left_is_owned_by_whoever_converts_it(
    app: Ecm, alfa: Firm
) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
    with app.begin(alfa.admin) as tx:
        tx.users.get(alfa.olena.user_id).disabled_at = clock.now()
    with app.begin(alfa.petro) as tx:
        conversion = tx.conversions.convert(tx.leads.get(lead.id), targets_of(COMBINATIONS[-1]))
        made = (conversion.contact_id, conversion.organization_id, conversion.deal_id)
        assert {tx.cards.get(id or 0).owner_id for id in made} == {alfa.petro.user_id}


@ON_SQLITE
def test_a_lead_joins_an_existing_deal(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
        conversion = tx.conversions.convert(
            lead, {"contact": Target(), "deal": Target(existing=alfa.deal.id)}
        )
        assert conversion.created == ["contact"]
        assert tx.deals.get(alfa.deal.id).contact_id == conversion.contact_id


@ON_SQLITE
def test_what_follows_to_an_existing_deal_stands_in_its_timeline_where_it_belongs_in_time(
    app: Ecm, alfa: Firm
) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
    with app.begin(alfa.olena) as tx:
        tx.timeline.comment(lead, "перше, про лід")
        tx.timeline.comment(alfa.deal, "друге, про угоду")
        tx.timeline.comment(lead, "третє, про лід")
        tx.timeline.comment(alfa.deal, "четверте, про угоду")
    with app.begin(alfa.olena) as tx:
        tx.conversions.convert(tx.leads.get(lead.id), {"deal": Target(existing=alfa.deal.id)})
        page, texts, times = tx.timeline.list(alfa.deal, limit=2), [], []
        while True:
            texts += [each.facts["text"].partition(",")[0] for each in page.items if each.kind == "comment"]
            times += [each.at for each in page.items]
            if page.next_before is None:
                break
            page = tx.timeline.list(alfa.deal, before=page.next_before, limit=2)
    assert texts == ["четверте", "третє", "друге", "перше"]
    assert times == sorted(times, reverse=True)


@ON_SQLITE
def test_duplicates_are_no_obstacle_to_who_wants_another_card_anyway(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        tx.contacts.add(last_name="Мельник", emails=[EMAIL.upper()])
        lead = add_lead(tx)
        conversion = tx.conversions.convert(lead, {"contact": Target(create_anyway=True)})
        assert conversion.created == ["contact"]


@ON_SQLITE
def test_custom_fields_of_the_same_name_and_type_map_by_themselves_and_others_by_a_map(
    app: Ecm, alfa: Firm
) -> None:
    with app.begin(alfa.admin) as tx:
        region = tx.fields.add("lead", "Регіон", "list", options=["Київ", "Львів"])
        shared = region.option_set_id or 0
        for kind in ("contact", "organization", "deal"):
            tx.fields.add(kind, "Регіон", "list", option_set=tx.option_sets.get(shared))
        tx.fields.add("lead", "Бюджет", "money")
        tx.fields.add("deal", "Бюджет", "text")
        other = tx.fields.add("deal", "Межа витрат", "money")
        private = tx.fields.add("lead", "Примітка", "text")
        tx.fields.add("deal", "Примітка", "text")
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx, fields={"регіон": "Львів", "бюджет": "100", private.key: "не передавати"})
        with pytest.raises(Invalid, match="of the same type"):
            tx.conversions.plan(lead, {"deal": Target(pipeline="sales", field_map={"бюджет": "бюджет"})})
        conversion = tx.conversions.convert(
            lead,
            {
                "contact": Target(),
                "deal": Target(pipeline="sales", field_map={"бюджет": other.key, private.key: None}),
            },
        )
        contact, deal = conversion.contact_id or 0, conversion.deal_id or 0
        values = tx.field_values.of([contact, deal, lead.id])
        assert values[contact].keys() == {"регіон"}
        assert values[deal].keys() == {"регіон", other.key}
        assert values[deal]["регіон"] == values[lead.id]["регіон"]
    with app.begin(alfa.admin) as tx:
        option = tx.option_sets.options(shared)[1]
        tx.option_sets.rename_option(option, "Львівська область")
    with app.begin(alfa.olena) as tx:
        named = {
            getattr(each["регіон"], "name", None)
            for each in tx.field_values.of([contact, deal, lead.id]).values()
        }
        assert named == {"Львівська область"}
        tx.deals.update(tx.deals.get(deal), fields={"регіон": "Київ"})
        values = tx.field_values.of([contact, deal])
        assert values[deal]["регіон"] != values[contact]["регіон"]


@ON_SQLITE
def test_documents_products_and_timeline_follow_linked_and_not_copied(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
        tx.products.set(lead, [{"name": "Сервер", "price": "45000", "quantity": 2}])
        tx.timeline.comment(lead, "Просить знижку")
    staged = app.stage(alfa.olena, io.BytesIO(b"brief"), filename="Бриф.txt")
    with app.begin(alfa.olena) as tx:
        document = tx.documents.add(staged, card=tx.leads.get(lead.id))
    used = usage(app, alfa.olena)
    with app.begin(alfa.olena) as tx:
        conversion = tx.conversions.convert(tx.leads.get(lead.id), targets_of(frozenset({"contact", "deal"})))
        contact, deal = (tx.cards.get(id or 0) for id in (conversion.contact_id, conversion.deal_id))
        for card in (contact, deal, tx.cards.get(lead.id)):
            assert [each.id for each in tx.documents.of_card(card)] == [document.id]
            comments = [each for each in tx.timeline.list(card).items if each.kind == "comment"]
            assert [each.facts["text"] for each in comments] == ["Просить знижку"]
        found = tx.products.of(tx.deals.get(deal.id))
        assert ([line.name for line in found.lines], str(found.total)) == (["Сервер"], "90000.00")
    assert usage(app, alfa.olena) == used


@ON_SQLITE
def test_timelines_record_what_was_made_from_what_with_links(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
        conversion = tx.conversions.convert(lead, targets_of(frozenset({"organization", "deal"})))
        told = tx.timeline.list(lead).items[0]
        assert told.kind == "lead.converted"
        assert {(each["kind"], each["id"], each["created"]) for each in told.facts["cards"]} == {
            ("organization", str(conversion.organization_id), True),
            ("deal", str(conversion.deal_id), True),
        }
        made = tx.timeline.list(tx.cards.get(conversion.deal_id or 0)).items[0]
        assert (made.kind, made.facts["lead"]["id"]) == ("made.from_lead", str(lead.id))


@ON_SQLITE
def test_a_converted_lead_is_read_only(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
        tx.conversions.convert(lead, {"contact": Target()})
        for change in (
            lambda: tx.leads.update(lead, title="Інше"),
            lambda: tx.leads.update(lead, stage="new"),
            lambda: tx.products.set(lead, []),
            lambda: tx.conversions.convert(lead, {"contact": Target(create_anyway=True)}),
        ):
            with pytest.raises(LeadConverted):
                change()


@ON_SQLITE
def test_only_a_conversion_sets_the_converted_stage(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
        with pytest.raises(Invalid, match="being converted"):
            tx.leads.update(lead, stage="quality")
        with pytest.raises(Invalid):
            add_lead(tx, stage="quality")


@ON_SQLITE
def test_a_junk_lead_keeps_its_reason_and_does_not_convert(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
        tx.leads.update(lead, stage="junk", reason="Спам")
        assert lead.junk_reason == "Спам"
        with pytest.raises(Invalid, match="junk"):
            tx.conversions.convert(lead, {"contact": Target()})


@ON_SQLITE
def test_an_idempotency_key_makes_a_repeated_request_give_the_same_result(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
    ids = []
    for _ in range(2):
        with app.begin(alfa.olena) as tx:
            found = tx.conversions.convert(tx.leads.get(lead.id), {"contact": Target()}, key="a-1")
            ids.append((found.id, found.contact_id))
    assert ids[0] == ids[1]
    with app.begin(alfa.olena) as tx, pytest.raises(Invalid, match="another request"):
        tx.conversions.convert(tx.leads.get(lead.id), {"organization": Target()}, key="a-1")


@ON_SQLITE
def test_a_lead_of_a_known_client_is_a_repeat_lead_and_converts_to_a_deal_only(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        contact = tx.contacts.add(last_name="Мельник", phones=[PHONE])
        lead = add_lead(tx, contact=contact.id)
        assert (tx.leads.is_repeat(lead), tx.conversions.offered(lead)) == (True, ("deal",))
        with pytest.raises(Invalid, match="a deal only"):
            tx.conversions.convert(lead, {"organization": Target()})
        conversion = tx.conversions.convert(lead, {"deal": Target(pipeline="sales")})
        assert tx.deals.get(conversion.deal_id or 0).contact_id == contact.id


def test_two_who_convert_one_lead_at_once_get_one_conversion_and_one_refusal(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
    before = count_cards(app, alfa)
    results: list[object] = []
    both = threading.Barrier(2)

    def convert(actor: Actor) -> None:
        try:
            with app.begin(actor) as tx:
                mine = tx.leads.get(lead.id)
                both.wait(30)
                results.append(tx.conversions.convert(mine, targets_of(COMBINATIONS[-1])).id)
        except LeadConverted as refusal:
            results.append(refusal)

    threads = [threading.Thread(target=convert, args=(actor,)) for actor in (alfa.olena, alfa.petro)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(type(each).__name__ for each in results) == ["LeadConverted", "int"]
    after = count_cards(app, alfa)
    assert {kind: after[kind] - before.get(kind, 0) for kind in ("contact", "organization", "deal")} == {
        "contact": 1,
        "organization": 1,
        "deal": 1,
    }


@ON_SQLITE
def test_a_key_that_two_requests_use_at_once_is_refused_to_one_of_them(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        leads = [add_lead(tx, last_name=name, phones=[], emails=[]).id for name in ("Мельник", "Франко")]
    results: list[object] = []
    both = threading.Barrier(2)

    def convert(lead_id: int) -> None:
        try:
            with app.begin(alfa.olena) as tx:
                mine = tx.leads.get(lead_id)
                both.wait(30)
                results.append(tx.conversions.convert(mine, {"contact": Target()}, key="k").id)
        except Invalid as refusal:
            results.append(refusal)

    threads = [threading.Thread(target=convert, args=(lead_id,)) for lead_id in leads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(type(each).__name__ for each in results) == ["Invalid", "int"]
    assert count_cards(app, alfa)["contact"] == 1


def test_leads_and_targets_of_another_company_are_not_found(app: Ecm, alfa: Firm, beta: Firm) -> None:
    with app.begin(beta.olena) as tx:
        foreign = add_lead(tx)
        contact = tx.contacts.add(last_name="Чужа")
    with app.begin(alfa.olena) as tx:
        with pytest.raises(NotFound):
            tx.leads.get(foreign.id)
        with pytest.raises(NotFound):
            tx.conversions.convert(add_lead(tx), {"contact": Target(existing=contact.id)})


@ON_SQLITE
def test_an_owner_and_a_team_that_are_filled_in_go_over_the_leads(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        team = tx.teams.add("Продажі")
        tx.requirements.require("deal", "team")
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
        plan = tx.conversions.plan(lead, {"deal": Target(pipeline="sales")})
        assert [each.field for each in plan.missing] == ["team"]
        values = {"team": team.id, "owner": alfa.petro.user_id}
        conversion = tx.conversions.convert(lead, {"deal": Target(pipeline="sales", values=values)})
        deal = tx.deals.get(conversion.deal_id or 0)
        assert (deal.team_id, deal.owner_id) == (team.id, alfa.petro.user_id)


@ON_SQLITE
def test_an_emptied_title_is_missing(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
        target = Target(pipeline="sales", values={"title": ""})
        plan = tx.conversions.plan(lead, {"deal": target})
        assert [(each.kind, each.field) for each in plan.missing] == [("deal", "title")]
        with pytest.raises(MissingFields):
            tx.conversions.convert(lead, {"deal": target})


@ON_SQLITE
@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("deal", "expected_close", "колись"),
        ("deal", "amount", "багато"),
        ("deal", "owner", "999999"),
        ("contact", "phones", ["12"]),
        ("organization", "tax_number", "123"),
    ],
)
def test_a_plan_tells_values_that_a_conversion_refuses(
    app: Ecm, alfa: Firm, kind: str, name: str, value: object
) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
    target = {kind: Target(pipeline="sales" if kind == "deal" else None, values={name: value})}
    before = count_cards(app, alfa)
    with app.begin(alfa.olena) as tx:
        try:
            told = [each.field for each in tx.conversions.plan(tx.leads.get(lead.id), target).wrong]
        except Invalid as error:
            told = [error.field]
        assert told == [f"{kind}.{name}"]
        with pytest.raises(Invalid) as refused:
            tx.conversions.convert(tx.leads.get(lead.id), target)
        assert refused.value.field == f"{kind}.{name}"
    assert count_cards(app, alfa) == before


@ON_SQLITE
def test_a_custom_field_that_there_is_not_is_named(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx, pytest.raises(Invalid, match=r"deal.fields.nope"):
        tx.conversions.plan(add_lead(tx), {"deal": Target(pipeline="sales", values={"fields.nope": "1"})})


@ON_SQLITE
def test_a_deleted_client_of_a_lead_is_no_obstacle_and_no_client(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        tx.requirements.require("deal", "contact")
    with app.begin(alfa.olena) as tx:
        contact = tx.contacts.add(last_name="Мельник")
        lead = add_lead(tx, contact=contact.id)
        tx.cards.delete(contact)
        assert tx.conversions.offered(lead) == TARGETS
        plan = tx.conversions.plan(lead, {"deal": Target(pipeline="sales")})
        assert [each.field for each in plan.missing] == ["contact"]
        conversion = tx.conversions.convert(lead, {"contact": Target(), "deal": Target(pipeline="sales")})
        assert tx.deals.get(conversion.deal_id or 0).contact_id == conversion.contact_id


@ON_SQLITE
def test_a_leads_phone_means_the_same_number_for_a_card_of_another_country(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        there = tx.contacts.add(last_name="Мельник", phones=["044 123 45 67"])
        lead = add_lead(tx, phones=["044 123 45 67"], emails=[], tax_number=None)
        target = Target(values={"country": "PL"})
        plan = tx.conversions.plan(lead, {"contact": target})
        assert [each.card.id for each in plan.duplicates["contact"]] == [there.id]
        made = tx.conversions.convert(lead, {"contact": Target(values=target.values, create_anyway=True)})
        [point] = tx.contact_points.of([made.contact_id or 0])[made.contact_id or 0]
        assert (point.value, point.normalized) == ("044 123 45 67", "+380441234567")


@ON_SQLITE
def test_a_field_that_is_chosen_for_another_goes_over_the_one_of_its_name(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        for name in ("А", "Б"):
            tx.fields.add("lead", name, "text")
        tx.fields.add("deal", "Б", "text")
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx, fields={"а": "з А", "б": "з Б"})
        target = Target(pipeline="sales", field_map={"а": "б"})
        assert tx.conversions.plan(lead, {"deal": target}).values["deal"]["fields.б"] == "з А"
        with pytest.raises(Invalid, match="one field of the lead only"):
            tx.conversions.plan(lead, {"deal": Target(pipeline="sales", field_map={"а": "б", "б": "б"})})


@ON_SQLITE
def test_what_a_target_says_twice_is_refused(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
        other = tx.contacts.add(last_name="Інша")
        values = {"contact": other.id}
        with pytest.raises(Invalid, match=r"deal.contact"):
            tx.conversions.convert(
                lead, {"contact": Target(), "deal": Target(pipeline="sales", values=values)}
            )
        for target in (
            Target(existing=alfa.deal.id, values={"source": "сайт"}),
            Target(existing=alfa.deal.id, pipeline="sales"),
            Target(existing=alfa.deal.id, create_anyway=True),
        ):
            with pytest.raises(Invalid, match=r"deal.existing"):
                tx.conversions.convert(lead, {"deal": target})


@ON_SQLITE
def test_a_deal_of_an_application_is_joined_only_when_nothing_in_it_changes(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        managed = tx.cards.ref("deal", "crm-1", title="З іншої системи")
        bare, sold = add_lead(tx), add_lead(tx)
        tx.products.set(sold, [{"name": "Сервер", "price": "10"}])
        joined = Target(existing=managed.id)
        with pytest.raises(ManagedByApplication):
            tx.conversions.convert(sold, {"deal": joined})
        with pytest.raises(ManagedByApplication):
            tx.conversions.convert(bare, {"contact": Target(create_anyway=True), "deal": joined})
        assert tx.conversions.convert(bare, {"deal": joined}).deal_id == managed.id


@ON_SQLITE
def test_products_follow_to_an_existing_deal_whose_sums_stay_true(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
        tx.products.set(lead, [{"name": "Сервер", "price": "10"}])
        by_hand = tx.deals.add("Сума рукою", amount="500")
        in_euros = tx.deals.add("Інша валюта", currency="EUR")
        for deal, field in ((by_hand, "deal.amount"), (in_euros, "deal.currency")):
            with pytest.raises(Invalid) as refused:
                tx.conversions.convert(lead, {"deal": Target(existing=deal.id)})
            assert refused.value.field == field
        deal = tx.deals.add("З товарами")
        tx.products.set(deal, [{"name": "Кабель", "price": "5"}])
        tx.conversions.convert(lead, {"deal": Target(existing=deal.id)})
        assert (str(tx.products.of(deal).total), str(deal.amount)) == ("15.00", "15.00")
        told = {
            each.facts["field"]: (each.facts["old"], each.facts["new"])
            for each in reversed(tx.timeline.list(deal).items)
            if each.kind == "field.changed" and each.origin_id is None
        }
        assert told == {"products": ("1 / 5.00", "2 / 15.00"), "amount": ("5.00", "15.00")}


@ON_SQLITE
def test_a_new_deal_has_the_amount_and_currency_of_the_leads_products(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
        tx.products.set(lead, [{"name": "Сервер", "price": "10"}])
        for name, value in (("amount", "500"), ("currency", "EUR")):
            with pytest.raises(Invalid, match=rf"deal\.{name}"):
                tx.conversions.convert(lead, {"deal": Target(pipeline="sales", values={name: value})})
        same = {"amount": "10.00", "currency": "UAH"}
        made = tx.conversions.convert(lead, {"deal": Target(pipeline="sales", values=same)})
        assert str(tx.deals.get(made.deal_id or 0).amount) == "10.00"


@ON_SQLITE
@pytest.mark.parametrize("key", ["", "k" * 201, "a\nb"])
def test_an_idempotency_key_has_1_to_200_printable_characters(app: Ecm, alfa: Firm, key: str) -> None:
    with app.begin(alfa.olena) as tx, pytest.raises(Invalid, match="Idempotency-Key"):
        tx.conversions.convert(add_lead(tx), {"contact": Target()}, key=key)


@ON_SQLITE
def test_a_lead_that_became_junk_meanwhile_does_not_convert(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        lead = add_lead(tx)
    with app.begin(alfa.petro) as tx:
        tx.leads.update(tx.leads.get(lead.id), stage="junk", reason="Спам")
    with app.begin(alfa.olena) as tx, pytest.raises(Invalid, match="junk"):
        tx.conversions.convert(lead, {"contact": Target()})


@ON_SQLITE
def test_documents_follow_in_as_many_statements_for_eleven_as_for_one(app: Ecm, alfa: Firm) -> None:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    executed = []
    for number in (1, 11):
        with app.begin(alfa.olena) as tx:
            lead = add_lead(tx, phones=[], emails=[], tax_number=None)
        for each in range(number):
            staged = app.stage(alfa.olena, io.BytesIO(b"%d" % each), filename=f"{each}.txt")
            with app.begin(alfa.olena) as tx:
                tx.documents.add(staged, card=tx.leads.get(lead.id))
        statements.clear()
        event.listen(app.database.engine, "before_cursor_execute", note)
        try:
            with app.begin(alfa.olena) as tx:
                made = tx.conversions.convert(tx.leads.get(lead.id), targets_of(COMBINATIONS[-1]))
        finally:
            event.remove(app.database.engine, "before_cursor_execute", note)
        executed.append(list(statements))
        with app.begin(alfa.olena) as tx:
            deal = tx.deals.get(made.deal_id or 0)
            assert tx.cards.count_documents(deal) == number
            linked = [each for each in tx.timeline.list(deal).items if each.kind == "document.linked"]
            assert len(linked) == number
    # Of what follows alone: a pipeline is read again when the session has let go of it meanwhile.
    of_one, of_eleven = (
        [each for each in some if "ecm_document" in each or "ecm_timeline" in each] for some in executed
    )
    assert len(of_one) == len(of_eleven) > 0, Counter(of_one) - Counter(of_eleven)
