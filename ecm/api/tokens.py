"""Log-in of programs: an e-mail and a password for a token."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, request

from ecm.api import shown
from ecm.api.authentication import current_actor, library, public
from ecm.api.schemas.accounts import Credentials, MeOut, TokenOut

blueprint = APIBlueprint("tokens", __name__, url_prefix="/api/v1")


@blueprint.post("/tokens")
@blueprint.input(Credentials)
@blueprint.output(TokenOut, status_code=201)
@blueprint.doc(responses=[401, 429])
@public
def create(json_data: dict[str, str]) -> Response:
    """Log in.

    After ten failures in a row, of one account or from one address, 429 with Retry-After.
    """
    app = library()
    address = request.remote_addr or "unknown"
    actor = app.log_in(json_data["email"], json_data["password"], address=address)
    with app.begin(actor) as tx:
        token = tx.tokens.add(tx.users.get(actor.user_id))
    return shown.answer({"token": token}, 201)


@blueprint.get("/me")
@blueprint.output(MeOut)
def me() -> Response:
    """Who asks."""
    actor = current_actor()
    with library().begin(actor) as tx:
        company = tx.companies.get(actor.company_id)
    return shown.answer(
        {
            "id": str(actor.user_id),
            "email": actor.email,
            "name": actor.name,
            "role": actor.role,
            "company": {"id": str(company.id), "name": company.name},
        }
    )
