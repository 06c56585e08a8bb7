"""The OpenAPI document as a tester reads it: whatever is sent by it, or against it, ends in no error of ours,
and what is answered has the shape that is described."""

from __future__ import annotations

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

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
EXAMPLES = 8

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
            case.validate_response(response, checks=CHECKS)

        send()
        tested += 1
    assert tested > 110
