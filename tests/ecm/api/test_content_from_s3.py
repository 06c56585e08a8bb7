"""Contents that stand in S3: streamed through, in whole and by ranges."""

from __future__ import annotations

from pathlib import Path

import pytest

import ecm
from ecm import Settings
from ecm.api.application import create_app
from tests.ecm.api.clients import Api
from tests.firms import make_firm

CONTENT = bytes(range(256)) * 4096


@pytest.mark.parametrize("founded", ["sqlite"], indirect=True)
def test_documents_in_s3_are_stored_and_handed_out(
    migrated_database_url: str, s3_url: str, tmp_path: Path
) -> None:
    search = f"whoosh:{tmp_path / 'index'}"
    with ecm.open(database=migrated_database_url, storage=s3_url, search=search) as app:
        alfa, beta = make_firm(app, "Альфа"), make_firm(app, "Бета")
        with app.begin() as tx:
            tokens = {alfa.olena.user_id: tx.tokens.add(tx.users.get(alfa.olena.user_id))}
        settings = Settings(tmp_path, migrated_database_url, s3_url, search, "test")
        api = Api(app, create_app(settings, library=app), alfa, beta, alfa.admin, tokens)
        path = f"/documents/{api.store(CONTENT)['id']}/content"
        assert api.content(path) == CONTENT
        assert api.content(path, headers={"Range": "bytes=700000-700009"}) == CONTENT[700000:700010]
        assert api.content(path, headers={"Range": "bytes=-3"}) == CONTENT[-3:]
        assert api.application.test_client().get("/readyz").json["storage"] == "ok"
