"""The OpenAPI document as a tester reads it: whatever is sent by it, or against it, ends in no error of ours,
and what is answered has the shape that is described."""

from __future__ import annotations

from http import HTTPStatus

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from ecm.api import refreshing
from tests.ecm.api.clients import ROOT, Api
from tests.ecm.api.things import add_things

SHAPES = [content_type_conformance, response_schema_conformance]
CHECKS = [not_a_server_error, *SHAPES]
EXAMPLES = 6
PHONE = "044 123 45 67"

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


# The tester leaves the contents open that it is handed.
@pytest.mark.filterwarnings(
    "ignore:.*unclosed file:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_whatever_is_sent_ends_in_no_error_of_ours(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshing, "WAIT_S", 0.0)  # nobody works here: it would wait in vain
    things = add_things(api)
    api.app.work_off()
    real: dict[str, dict[str, str]] = {place: {"code": "free", **ids} for place, ids in things.items()}
    schema = schemathesis.openapi.from_wsgi(f"{ROOT}/openapi.json", api.application)
    tested = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path.endswith("/tokens"):
            continue  # failures slow the log-in down for all; its own tests send it anything

        cases = st.one_of([operation.as_strategy(generation_mode=mode) for mode in GenerationMode])

        @given(case=cases, data=st.data())
        @settings(
            max_examples=EXAMPLES,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
            deadline=None,
        )
        def send(case: schemathesis.Case, data: st.DataObject) -> None:
            for name in case.path_parameters:
                if data.draw(st.booleans()):
                    case.path_parameters[name] = real[case.path.split("/")[3]][name]
            actor = data.draw(st.sampled_from([api.alfa.admin, api.operator]))
            case.headers["Authorization"] = f"Bearer {api.tokens[actor.user_id]}"
            response = case.call()
            # A tariff of a few bytes may be among what was sent. That nothing fits then is no error of
            # ours, and is told in the shape that is described.
            is_full = response.status_code == HTTPStatus.INSUFFICIENT_STORAGE
            case.validate_response(response, checks=SHAPES if is_full else CHECKS)

        send()
        tested += 1
    assert tested > 110


@pytest.mark.parametrize("founded", ["sqlite"], indirect=True)
def test_what_is_there_is_answered_in_the_shape_that_is_described(api: Api) -> None:
    things = add_things(api)
    deal, lead = f"/deals/{api.alfa.deal.id}", f"/leads/{things['leads']['id']}"
    told = {"fields": {"поле": "дуб"}, "organization": things["contacts"]["organization"], "stage": "offer"}
    assert api.patch(deal, json=told).status_code == 200
    assert api.put(f"{deal}/products", json={"products": [{"name": "x", "price": 1}]}).status_code == 200
    for kind in ("contacts", "organizations"):
        assert api.patch(f"/{kind}/{things[kind]['id']}", json={"phones": [PHONE]}).json["phones"]
    api.put("/requirements", api.alfa.admin, json={"kind": "deal", "field": "source", "stage": "won"})
    filters = {"kind": "deal", "name": "Усі", "conditions": ["amount:ge:1"]}
    assert api.post("/filters", json=filters).status_code == 201
    assert api.post(f"{lead}/conversion", json={"contact": {}}).status_code == 201
    api.app.work_off()
    schema = schemathesis.openapi.from_wsgi(f"{ROOT}/openapi.json", api.application)
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        place = operation.path.split("/")[3]
        if operation.method.upper() != "GET" or place not in things or place in ("admin", "documents"):
            continue  # those have tests of their own
        names = {parameter.name for parameter in operation.path_parameters}
        case = operation.Case(
            path_parameters={name: things[place][name] for name in names},
            query={"kind": "deal"} if place in ("fields", "requirements", "filters") else {"phone": PHONE},
            headers={"Authorization": f"Bearer {api.tokens[api.alfa.olena.user_id]}"},
        )
        response = case.call()
        assert response.status_code == 200, f"{operation.path}: {response.text}"
        case.validate_response(response, checks=CHECKS)
        is_empty = not response.json().get("items", True)
        assert not is_empty or operation.path.endswith(("/documents", "/rows")), (
            f"nothing to compare: {operation.path}"
        )
        asked += 1
    assert asked > 30
