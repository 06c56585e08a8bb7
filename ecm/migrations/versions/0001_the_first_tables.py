"""The first tables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ecm_companies",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecm_companies")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "ecm_login_failures",
        sa.Column("subject", sa.String(length=400), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_ecm_login_failures")),
    )
    op.create_table(
        "ecm_tariffs",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("limit_bytes", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_ecm_tariffs")),
    )
    op.create_table(
        "ecm_company_usage",
        sa.Column(
            "company_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("tariff_code", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("limit_bytes", sa.BigInteger(), nullable=True),
        sa.Column("held_bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["ecm_companies.id"], name=op.f("fk_ecm_company_usage_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["tariff_code"], ["ecm_tariffs.code"], name=op.f("fk_ecm_company_usage_tariff_code")
        ),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_ecm_company_usage")),
    )
    op.create_index(
        op.f("ix_ecm_company_usage_tariff_code"), "ecm_company_usage", ["tariff_code"], unique=False
    )

    op.create_table(
        "ecm_index_queues",
        sa.Column(
            "company_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("lease_token", sa.String(length=40), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("rebuild_last_task", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"], ["ecm_companies.id"], name=op.f("fk_ecm_index_queues_company_id")
        ),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_ecm_index_queues")),
    )
    op.create_table(
        "ecm_outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["ecm_companies.id"], name=op.f("fk_ecm_outbox_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecm_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ecm_outbox_company", "ecm_outbox", ["company_id", "id"], unique=False)

    op.create_table(
        "ecm_jobs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_token", sa.String(length=40), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["ecm_companies.id"], name=op.f("fk_ecm_jobs_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecm_jobs")),
        sa.UniqueConstraint("kind", "version_id", name=op.f("uq_ecm_jobs_kind_version_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ecm_jobs_company", "ecm_jobs", ["company_id", "id"], unique=False)

    op.create_table(
        "ecm_users",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("password_hash", sa.String(length=300), nullable=True),
        sa.Column("external_ref", sa.String(length=300), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["ecm_companies.id"], name=op.f("fk_ecm_users_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecm_users")),
        sa.UniqueConstraint("company_id", "external_ref", name=op.f("uq_ecm_users_company_id_external_ref")),
        sa.UniqueConstraint("email", name=op.f("uq_ecm_users_email")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_ecm_users_company_id"), "ecm_users", ["company_id"], unique=False)

    op.create_table(
        "ecm_api_tokens",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["ecm_companies.id"], name=op.f("fk_ecm_api_tokens_company_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["ecm_users.id"], name=op.f("fk_ecm_api_tokens_user_id")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_ecm_api_tokens")),
    )
    op.create_index(op.f("ix_ecm_api_tokens_user_id"), "ecm_api_tokens", ["user_id"], unique=False)

    op.create_table(
        "ecm_audit_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("object_type", sa.String(length=20), nullable=False),
        sa.Column("object_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("once_key", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"], ["ecm_companies.id"], name=op.f("fk_ecm_audit_events_company_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["ecm_users.id"], name=op.f("fk_ecm_audit_events_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecm_audit_events")),
        sa.UniqueConstraint("once_key", name=op.f("uq_ecm_audit_events_once_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_ecm_audit_events_object",
        "ecm_audit_events",
        ["company_id", "object_type", "object_id", "id"],
        unique=False,
    )

    op.create_table(
        "ecm_cards",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("external_ref", sa.String(length=300), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["ecm_companies.id"], name=op.f("fk_ecm_cards_company_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["ecm_users.id"], name=op.f("fk_ecm_cards_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecm_cards")),
        sa.UniqueConstraint(
            "company_id", "kind", "external_ref", name=op.f("uq_ecm_cards_company_id_kind_external_ref")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_ecm_cards_list", "ecm_cards", ["company_id", "kind", "deleted_at", "id"], unique=False
    )

    op.create_table(
        "ecm_documents",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("current_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trashed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trashed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"], ["ecm_companies.id"], name=op.f("fk_ecm_documents_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["trashed_by_id"], ["ecm_users.id"], name=op.f("fk_ecm_documents_trashed_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecm_documents")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ecm_documents_company", "ecm_documents", ["company_id", "id"], unique=False)
    op.create_index(
        "ix_ecm_documents_trash",
        "ecm_documents",
        ["company_id", "id"],
        unique=False,
        postgresql_where=sa.text("trashed_at IS NOT NULL"),
        sqlite_where=sa.text("trashed_at IS NOT NULL"),
    )

    op.create_table(
        "ecm_intents",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("storage_key", sa.String(length=200), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("receiving_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attach_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["ecm_companies.id"], name=op.f("fk_ecm_intents_company_id")),
        sa.ForeignKeyConstraint(["user_id"], ["ecm_users.id"], name=op.f("fk_ecm_intents_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecm_intents")),
        sa.UniqueConstraint("storage_key", name=op.f("uq_ecm_intents_storage_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ecm_intents_company", "ecm_intents", ["company_id", "state"], unique=False)
    op.create_index("ix_ecm_intents_sweep", "ecm_intents", ["state", "receiving_until"], unique=False)
    op.create_index("ix_ecm_intents_user", "ecm_intents", ["user_id"], unique=False)

    op.create_table(
        "ecm_user_usage",
        sa.Column(
            "user_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("held_bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["ecm_companies.id"], name=op.f("fk_ecm_user_usage_company_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["ecm_users.id"], name=op.f("fk_ecm_user_usage_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_ecm_user_usage")),
    )
    op.create_index(op.f("ix_ecm_user_usage_company_id"), "ecm_user_usage", ["company_id"], unique=False)

    op.create_table(
        "ecm_deals",
        sa.Column(
            "card_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("stage", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["ecm_cards.id"], name=op.f("fk_ecm_deals_card_id")),
        sa.PrimaryKeyConstraint("card_id", name=op.f("pk_ecm_deals")),
    )
    op.create_table(
        "ecm_document_cards",
        sa.Column(
            "card_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "document_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("linked_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["ecm_cards.id"], name=op.f("fk_ecm_document_cards_card_id")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["ecm_companies.id"], name=op.f("fk_ecm_document_cards_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["ecm_documents.id"], name=op.f("fk_ecm_document_cards_document_id")
        ),
        sa.ForeignKeyConstraint(
            ["linked_by_id"], ["ecm_users.id"], name=op.f("fk_ecm_document_cards_linked_by_id")
        ),
        sa.PrimaryKeyConstraint("card_id", "document_id", name=op.f("pk_ecm_document_cards")),
    )
    op.create_index(
        op.f("ix_ecm_document_cards_document_id"), "ecm_document_cards", ["document_id"], unique=False
    )

    op.create_table(
        "ecm_idempotent_requests",
        sa.Column(
            "user_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["ecm_companies.id"], name=op.f("fk_ecm_idempotent_requests_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["ecm_documents.id"],
            name=op.f("fk_ecm_idempotent_requests_document_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["ecm_users.id"], name=op.f("fk_ecm_idempotent_requests_user_id")
        ),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_ecm_idempotent_requests")),
    )
    op.create_index(
        op.f("ix_ecm_idempotent_requests_created_at"), "ecm_idempotent_requests", ["created_at"], unique=False
    )
    op.create_index(
        op.f("ix_ecm_idempotent_requests_document_id"),
        "ecm_idempotent_requests",
        ["document_id"],
        unique=False,
    )

    op.create_table(
        "ecm_uploads",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("card_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("upload_metadata", sa.Text(), nullable=False),
        sa.Column("storage_key", sa.String(length=200), nullable=False),
        sa.Column("storage_state", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("offset_bytes", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lock_token", sa.String(length=40), nullable=True),
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["card_id"], ["ecm_cards.id"], name=op.f("fk_ecm_uploads_card_id")),
        sa.ForeignKeyConstraint(["company_id"], ["ecm_companies.id"], name=op.f("fk_ecm_uploads_company_id")),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["ecm_documents.id"],
            name=op.f("fk_ecm_uploads_document_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["ecm_users.id"], name=op.f("fk_ecm_uploads_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecm_uploads")),
        sa.UniqueConstraint("storage_key", name=op.f("uq_ecm_uploads_storage_key")),
    )
    op.create_index(op.f("ix_ecm_uploads_document_id"), "ecm_uploads", ["document_id"], unique=False)
    op.create_index(op.f("ix_ecm_uploads_expires_at"), "ecm_uploads", ["expires_at"], unique=False)

    op.create_table(
        "ecm_recent_searches",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("searched_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["ecm_companies.id"], name=op.f("fk_ecm_recent_searches_company_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["ecm_users.id"], name=op.f("fk_ecm_recent_searches_user_id")),
        sa.PrimaryKeyConstraint("user_id", "text", name=op.f("pk_ecm_recent_searches")),
    )
    op.create_index(
        "ix_ecm_recent_searches_user", "ecm_recent_searches", ["user_id", "searched_at"], unique=False
    )

    op.create_table(
        "ecm_versions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=200), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("storage_key", sa.String(length=200), nullable=False),
        sa.Column("uploaded_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text_state", sa.String(length=20), nullable=False),
        sa.Column("text_reason", sa.String(length=300), nullable=True),
        sa.Column("preview_state", sa.String(length=20), nullable=False),
        sa.Column("preview_pages", sa.BigInteger(), nullable=True),
        sa.Column("preview_reason", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"], ["ecm_companies.id"], name=op.f("fk_ecm_versions_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["ecm_documents.id"], name=op.f("fk_ecm_versions_document_id")
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by_id"], ["ecm_users.id"], name=op.f("fk_ecm_versions_uploaded_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecm_versions")),
        sa.UniqueConstraint("document_id", "number", name=op.f("uq_ecm_versions_document_id_number")),
        sa.UniqueConstraint("storage_key", name=op.f("uq_ecm_versions_storage_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ecm_versions_duplicates", "ecm_versions", ["company_id", "sha256"], unique=False)

    op.create_table(
        "ecm_version_texts",
        sa.Column(
            "version_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("map", sa.LargeBinary(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["ecm_companies.id"], name=op.f("fk_ecm_version_texts_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["ecm_versions.id"], name=op.f("fk_ecm_version_texts_version_id")
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_ecm_version_texts")),
    )

    op.bulk_insert(
        sa.table("ecm_tariffs", sa.column("code"), sa.column("scope"), sa.column("limit_bytes")),
        [
            {"code": "free", "scope": "company", "limit_bytes": 200 * 1_048_576},
            {"code": "standard", "scope": "user", "limit_bytes": 500 * 1_048_576},
            {"code": "extended", "scope": "unlimited", "limit_bytes": None},
        ],
    )


def downgrade() -> None:
    op.drop_table("ecm_version_texts")
    op.drop_table("ecm_recent_searches")
    op.drop_table("ecm_versions")
    op.drop_table("ecm_uploads")
    op.drop_table("ecm_idempotent_requests")
    op.drop_table("ecm_document_cards")
    op.drop_table("ecm_deals")
    op.drop_table("ecm_user_usage")
    op.drop_table("ecm_intents")
    op.drop_table("ecm_documents")
    op.drop_table("ecm_cards")
    op.drop_table("ecm_audit_events")
    op.drop_table("ecm_api_tokens")
    op.drop_table("ecm_users")
    op.drop_table("ecm_jobs")
    op.drop_table("ecm_outbox")
    op.drop_table("ecm_index_queues")
    op.drop_table("ecm_company_usage")
    op.drop_table("ecm_tariffs")
    op.drop_table("ecm_login_failures")
    op.drop_table("ecm_companies")
