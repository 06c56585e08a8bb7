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
        sa.Column("may_not_create", sa.JSON(), nullable=False),
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

    op.create_table('ecm_teams',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['ecm_companies.id'], name=op.f('fk_ecm_teams_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecm_teams')),
    sa.UniqueConstraint('company_id', 'name', name=op.f('uq_ecm_teams_company_id_name')),
    sqlite_autoincrement=True
    )
    op.create_table('ecm_team_members',
    sa.Column('team_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.ForeignKeyConstraint(['team_id'], ['ecm_teams.id'], name=op.f('fk_ecm_team_members_team_id')),
    sa.ForeignKeyConstraint(['user_id'], ['ecm_users.id'], name=op.f('fk_ecm_team_members_user_id')),
    sa.PrimaryKeyConstraint('team_id', 'user_id', name=op.f('pk_ecm_team_members'))
    )
    op.create_index(op.f('ix_ecm_team_members_user_id'), 'ecm_team_members', ['user_id'], unique=False)
    op.create_table('ecm_cards',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('title', sa.String(length=300), nullable=False),
    sa.Column('title_key', sa.String(length=300).with_variant(sa.String(length=300, collation='C'), 'postgresql'), nullable=False),
    sa.Column('owner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('team_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('lead_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('external_ref', sa.String(length=300), nullable=True),
    sa.Column('external_url', sa.String(length=2000), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['company_id'], ['ecm_companies.id'], name=op.f('fk_ecm_cards_company_id')),
    sa.ForeignKeyConstraint(['lead_id'], ['ecm_cards.id'], name=op.f('fk_ecm_cards_lead_id')),
    sa.ForeignKeyConstraint(['owner_id'], ['ecm_users.id'], name=op.f('fk_ecm_cards_owner_id')),
    sa.ForeignKeyConstraint(['team_id'], ['ecm_teams.id'], name=op.f('fk_ecm_cards_team_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecm_cards')),
    sa.UniqueConstraint('company_id', 'kind', 'external_ref', name=op.f('uq_ecm_cards_company_id_kind_external_ref')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_ecm_cards_deleted', 'ecm_cards', ['company_id', 'kind', 'id'], unique=False, postgresql_where=sa.text('deleted_at IS NOT NULL'), sqlite_where=sa.text('deleted_at IS NOT NULL'))
    op.create_index('ix_ecm_cards_lead', 'ecm_cards', ['lead_id'], unique=False, postgresql_where=sa.text('lead_id IS NOT NULL'), sqlite_where=sa.text('lead_id IS NOT NULL'))
    op.create_index('ix_ecm_cards_list', 'ecm_cards', ['company_id', 'kind', 'id'], unique=False, postgresql_where=sa.text('deleted_at IS NULL'), sqlite_where=sa.text('deleted_at IS NULL'))
    op.create_index('ix_ecm_cards_owner', 'ecm_cards', ['company_id', 'kind', 'owner_id', 'id'], unique=False, postgresql_where=sa.text('deleted_at IS NULL'), sqlite_where=sa.text('deleted_at IS NULL'))
    op.create_index('ix_ecm_cards_team', 'ecm_cards', ['company_id', 'kind', 'team_id', 'id'], unique=False, postgresql_where=sa.text('deleted_at IS NULL'), sqlite_where=sa.text('deleted_at IS NULL'))
    op.create_index('ix_ecm_cards_title', 'ecm_cards', ['company_id', 'kind', 'title_key', 'id'], unique=False, postgresql_where=sa.text('deleted_at IS NULL'), sqlite_where=sa.text('deleted_at IS NULL'))
    op.create_index('ix_ecm_cards_updated', 'ecm_cards', ['company_id', 'kind', 'updated_at', 'id'], unique=False, postgresql_where=sa.text('deleted_at IS NULL'), sqlite_where=sa.text('deleted_at IS NULL'))


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

    op.create_table('ecm_pipelines',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('card_kind', sa.String(length=20), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['company_id'], ['ecm_companies.id'], name=op.f('fk_ecm_pipelines_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecm_pipelines')),
    sa.UniqueConstraint('company_id', 'card_kind', 'code', name=op.f('uq_ecm_pipelines_company_id_card_kind_code')),
    sqlite_autoincrement=True
    )
    op.create_table('ecm_stages',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('pipeline_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('outcome', sa.String(length=20), nullable=True),
    sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['company_id'], ['ecm_companies.id'], name=op.f('fk_ecm_stages_company_id')),
    sa.ForeignKeyConstraint(['pipeline_id'], ['ecm_pipelines.id'], name=op.f('fk_ecm_stages_pipeline_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecm_stages')),
    sa.UniqueConstraint('pipeline_id', 'code', name=op.f('uq_ecm_stages_pipeline_id_code')),
    sqlite_autoincrement=True
    )
    op.create_table('ecm_requirements',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('card_kind', sa.String(length=20), nullable=False),
    sa.Column('field', sa.String(length=120), nullable=False),
    sa.Column('stage_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.ForeignKeyConstraint(['company_id'], ['ecm_companies.id'], name=op.f('fk_ecm_requirements_company_id')),
    sa.ForeignKeyConstraint(['stage_id'], ['ecm_stages.id'], name=op.f('fk_ecm_requirements_stage_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecm_requirements')),
    sa.UniqueConstraint('company_id', 'card_kind', 'field', 'stage_id', name=op.f('uq_ecm_requirements_company_id_card_kind_field_stage_id')),
    sqlite_autoincrement=True
    )
    op.create_table('ecm_stage_moves',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('card_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('from_stage_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('to_stage_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['ecm_users.id'], name=op.f('fk_ecm_stage_moves_by_id')),
    sa.ForeignKeyConstraint(['card_id'], ['ecm_cards.id'], name=op.f('fk_ecm_stage_moves_card_id')),
    sa.ForeignKeyConstraint(['company_id'], ['ecm_companies.id'], name=op.f('fk_ecm_stage_moves_company_id')),
    sa.ForeignKeyConstraint(['from_stage_id'], ['ecm_stages.id'], name=op.f('fk_ecm_stage_moves_from_stage_id')),
    sa.ForeignKeyConstraint(['to_stage_id'], ['ecm_stages.id'], name=op.f('fk_ecm_stage_moves_to_stage_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecm_stage_moves')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_ecm_stage_moves_card', 'ecm_stage_moves', ['card_id', 'id'], unique=False)
    op.create_table('ecm_deals',
    sa.Column('card_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('amount', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('pipeline_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('stage_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('organization_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('expected_close', sa.Date(), nullable=True),
    sa.Column('source', sa.String(length=100), nullable=True),
    sa.Column('lost_reason', sa.String(length=1000), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['card_id'], ['ecm_cards.id'], name=op.f('fk_ecm_deals_card_id')),
    sa.ForeignKeyConstraint(['company_id'], ['ecm_companies.id'], name=op.f('fk_ecm_deals_company_id')),
    sa.ForeignKeyConstraint(['contact_id'], ['ecm_cards.id'], name=op.f('fk_ecm_deals_contact_id')),
    sa.ForeignKeyConstraint(['organization_id'], ['ecm_cards.id'], name=op.f('fk_ecm_deals_organization_id')),
    sa.ForeignKeyConstraint(['pipeline_id'], ['ecm_pipelines.id'], name=op.f('fk_ecm_deals_pipeline_id')),
    sa.ForeignKeyConstraint(['stage_id'], ['ecm_stages.id'], name=op.f('fk_ecm_deals_stage_id')),
    sa.PrimaryKeyConstraint('card_id', name=op.f('pk_ecm_deals'))
    )
    op.create_index('ix_ecm_deals_amount', 'ecm_deals', ['company_id', 'amount', 'card_id'], unique=False)
    op.create_index('ix_ecm_deals_contact', 'ecm_deals', ['contact_id'], unique=False)
    op.create_index('ix_ecm_deals_expected_close', 'ecm_deals', ['company_id', 'expected_close', 'card_id'], unique=False)
    op.create_index('ix_ecm_deals_organization', 'ecm_deals', ['organization_id'], unique=False)
    op.create_index('ix_ecm_deals_stage', 'ecm_deals', ['company_id', 'stage_id', 'card_id'], unique=False)
    op.create_index('ix_ecm_deals_sums', 'ecm_deals', ['company_id', 'pipeline_id', 'stage_id', 'currency', 'amount'], unique=False)
    op.create_table('ecm_product_lines',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('card_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(length=300), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('unit', sa.String(length=20), nullable=True),
    sa.Column('price', sa.BigInteger(), nullable=False),
    sa.Column('discount_percent', sa.BigInteger(), nullable=False),
    sa.Column('tax_percent', sa.BigInteger(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['card_id'], ['ecm_cards.id'], name=op.f('fk_ecm_product_lines_card_id')),
    sa.ForeignKeyConstraint(['company_id'], ['ecm_companies.id'], name=op.f('fk_ecm_product_lines_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecm_product_lines')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_ecm_product_lines_card', 'ecm_product_lines', ['card_id', 'position'], unique=False)
    op.create_table('ecm_contacts',
    sa.Column('card_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('first_name', sa.String(length=100), nullable=True),
    sa.Column('middle_name', sa.String(length=100), nullable=True),
    sa.Column('last_name', sa.String(length=100), nullable=True),
    sa.Column('job_title', sa.String(length=200), nullable=True),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('tax_number', sa.String(length=30), nullable=True),
    sa.Column('address', sa.String(length=1000), nullable=True),
    sa.ForeignKeyConstraint(['card_id'], ['ecm_cards.id'], name=op.f('fk_ecm_contacts_card_id')),
    sa.ForeignKeyConstraint(['company_id'], ['ecm_companies.id'], name=op.f('fk_ecm_contacts_company_id')),
    sa.PrimaryKeyConstraint('card_id', name=op.f('pk_ecm_contacts'))
    )
    op.create_index('ix_ecm_contacts_tax_number', 'ecm_contacts', ['company_id', 'tax_number'], unique=False)
    op.create_table('ecm_organizations',
    sa.Column('card_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('full_name', sa.String(length=500), nullable=True),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('tax_number', sa.String(length=30), nullable=True),
    sa.Column('address', sa.String(length=1000), nullable=True),
    sa.Column('postal_address', sa.String(length=1000), nullable=True),
    sa.Column('website', sa.String(length=300), nullable=True),
    sa.ForeignKeyConstraint(['card_id'], ['ecm_cards.id'], name=op.f('fk_ecm_organizations_card_id')),
    sa.ForeignKeyConstraint(['company_id'], ['ecm_companies.id'], name=op.f('fk_ecm_organizations_company_id')),
    sa.PrimaryKeyConstraint('card_id', name=op.f('pk_ecm_organizations'))
    )
    op.create_index('ix_ecm_organizations_tax_number', 'ecm_organizations', ['company_id', 'tax_number'], unique=False)
    op.create_table('ecm_memberships',
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('organization_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('role', sa.String(length=200), nullable=True),
    sa.ForeignKeyConstraint(['company_id'], ['ecm_companies.id'], name=op.f('fk_ecm_memberships_company_id')),
    sa.ForeignKeyConstraint(['contact_id'], ['ecm_cards.id'], name=op.f('fk_ecm_memberships_contact_id')),
    sa.ForeignKeyConstraint(['organization_id'], ['ecm_cards.id'], name=op.f('fk_ecm_memberships_organization_id')),
    sa.PrimaryKeyConstraint('contact_id', 'organization_id', name=op.f('pk_ecm_memberships'))
    )
    op.create_index(op.f('ix_ecm_memberships_organization_id'), 'ecm_memberships', ['organization_id'], unique=False)
    op.create_table('ecm_contact_points',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('card_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('value', sa.String(length=320), nullable=False),
    sa.Column('normalized', sa.String(length=320), nullable=False),
    sa.Column('extension', sa.String(length=20), nullable=True),
    sa.Column('label', sa.String(length=40), nullable=True),
    sa.ForeignKeyConstraint(['card_id'], ['ecm_cards.id'], name=op.f('fk_ecm_contact_points_card_id')),
    sa.ForeignKeyConstraint(['company_id'], ['ecm_companies.id'], name=op.f('fk_ecm_contact_points_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecm_contact_points')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_ecm_contact_points_card', 'ecm_contact_points', ['card_id', 'position'], unique=False)
    op.create_index('ix_ecm_contact_points_normalized', 'ecm_contact_points', ['company_id', 'kind', 'normalized'], unique=False)
    op.create_table('ecm_leads',
    sa.Column('card_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('pipeline_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('stage_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('first_name', sa.String(length=100), nullable=True),
    sa.Column('middle_name', sa.String(length=100), nullable=True),
    sa.Column('last_name', sa.String(length=100), nullable=True),
    sa.Column('job_title', sa.String(length=200), nullable=True),
    sa.Column('organization_name', sa.String(length=300), nullable=True),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('tax_number', sa.String(length=30), nullable=True),
    sa.Column('address', sa.String(length=1000), nullable=True),
    sa.Column('amount', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('source', sa.String(length=100), nullable=True),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('organization_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('junk_reason', sa.String(length=1000), nullable=True),
    sa.Column('converted_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['card_id'], ['ecm_cards.id'], name=op.f('fk_ecm_leads_card_id')),
    sa.ForeignKeyConstraint(['company_id'], ['ecm_companies.id'], name=op.f('fk_ecm_leads_company_id')),
    sa.ForeignKeyConstraint(['contact_id'], ['ecm_cards.id'], name=op.f('fk_ecm_leads_contact_id')),
    sa.ForeignKeyConstraint(['organization_id'], ['ecm_cards.id'], name=op.f('fk_ecm_leads_organization_id')),
    sa.ForeignKeyConstraint(['pipeline_id'], ['ecm_pipelines.id'], name=op.f('fk_ecm_leads_pipeline_id')),
    sa.ForeignKeyConstraint(['stage_id'], ['ecm_stages.id'], name=op.f('fk_ecm_leads_stage_id')),
    sa.PrimaryKeyConstraint('card_id', name=op.f('pk_ecm_leads'))
    )
    op.create_index('ix_ecm_leads_amount', 'ecm_leads', ['company_id', 'amount', 'card_id'], unique=False)
    op.create_index('ix_ecm_leads_contact', 'ecm_leads', ['contact_id'], unique=False)
    op.create_index('ix_ecm_leads_organization', 'ecm_leads', ['organization_id'], unique=False)
    op.create_index('ix_ecm_leads_stage', 'ecm_leads', ['company_id', 'stage_id', 'card_id'], unique=False)
    op.create_index('ix_ecm_leads_sums', 'ecm_leads', ['company_id', 'pipeline_id', 'stage_id', 'currency', 'amount'], unique=False)
    op.create_index('ix_ecm_leads_tax_number', 'ecm_leads', ['company_id', 'tax_number'], unique=False)
    op.create_table('ecm_conversions',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lead_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('organization_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('deal_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created', sa.JSON(), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=True),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.Column('by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['ecm_users.id'], name=op.f('fk_ecm_conversions_by_id')),
    sa.ForeignKeyConstraint(['company_id'], ['ecm_companies.id'], name=op.f('fk_ecm_conversions_company_id')),
    sa.ForeignKeyConstraint(['contact_id'], ['ecm_cards.id'], name=op.f('fk_ecm_conversions_contact_id')),
    sa.ForeignKeyConstraint(['deal_id'], ['ecm_cards.id'], name=op.f('fk_ecm_conversions_deal_id')),
    sa.ForeignKeyConstraint(['lead_id'], ['ecm_cards.id'], name=op.f('fk_ecm_conversions_lead_id')),
    sa.ForeignKeyConstraint(['organization_id'], ['ecm_cards.id'], name=op.f('fk_ecm_conversions_organization_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecm_conversions')),
    sa.UniqueConstraint('company_id', 'key', name=op.f('uq_ecm_conversions_company_id_key')),
    sa.UniqueConstraint('lead_id', name=op.f('uq_ecm_conversions_lead_id')),
    sqlite_autoincrement=True
    )
    op.create_table('ecm_option_sets',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['ecm_companies.id'], name=op.f('fk_ecm_option_sets_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecm_option_sets')),
    sa.UniqueConstraint('company_id', 'name', name=op.f('uq_ecm_option_sets_company_id_name')),
    sqlite_autoincrement=True
    )
    op.create_table('ecm_options',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('option_set_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['company_id'], ['ecm_companies.id'], name=op.f('fk_ecm_options_company_id')),
    sa.ForeignKeyConstraint(['option_set_id'], ['ecm_option_sets.id'], name=op.f('fk_ecm_options_option_set_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecm_options')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_ecm_options_set', 'ecm_options', ['option_set_id', 'position'], unique=False)
    op.create_table('ecm_fields',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('card_kind', sa.String(length=20), nullable=False),
    sa.Column('key', sa.String(length=100), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('type', sa.String(length=20), nullable=False),
    sa.Column('is_multiple', sa.Boolean(), nullable=False),
    sa.Column('option_set_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['company_id'], ['ecm_companies.id'], name=op.f('fk_ecm_fields_company_id')),
    sa.ForeignKeyConstraint(['option_set_id'], ['ecm_option_sets.id'], name=op.f('fk_ecm_fields_option_set_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecm_fields')),
    sa.UniqueConstraint('company_id', 'card_kind', 'key', name=op.f('uq_ecm_fields_company_id_card_kind_key')),
    sqlite_autoincrement=True
    )
    op.create_table('ecm_field_values',
    sa.Column('card_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('field_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('position', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('text', sa.String(length=4000), nullable=True),
    sa.Column('text_key', sa.String(length=300).with_variant(sa.String(length=300, collation='C'), 'postgresql'), nullable=True),
    sa.Column('number', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=True),
    sa.Column('day', sa.Date(), nullable=True),
    sa.Column('option_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('document_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.ForeignKeyConstraint(['card_id'], ['ecm_cards.id'], name=op.f('fk_ecm_field_values_card_id')),
    sa.ForeignKeyConstraint(['company_id'], ['ecm_companies.id'], name=op.f('fk_ecm_field_values_company_id')),
    sa.ForeignKeyConstraint(['document_id'], ['ecm_documents.id'], name=op.f('fk_ecm_field_values_document_id')),
    sa.ForeignKeyConstraint(['field_id'], ['ecm_fields.id'], name=op.f('fk_ecm_field_values_field_id')),
    sa.ForeignKeyConstraint(['option_id'], ['ecm_options.id'], name=op.f('fk_ecm_field_values_option_id')),
    sa.ForeignKeyConstraint(['user_id'], ['ecm_users.id'], name=op.f('fk_ecm_field_values_user_id')),
    sa.PrimaryKeyConstraint('card_id', 'field_id', 'position', name=op.f('pk_ecm_field_values'))
    )
    op.create_index('ix_ecm_field_values_day', 'ecm_field_values', ['field_id', 'day', 'card_id'], unique=False, postgresql_where=sa.text('day IS NOT NULL'), sqlite_where=sa.text('day IS NOT NULL'))
    op.create_index('ix_ecm_field_values_document_id', 'ecm_field_values', ['document_id'], unique=False)
    op.create_index('ix_ecm_field_values_number', 'ecm_field_values', ['field_id', 'number', 'card_id'], unique=False, postgresql_where=sa.text('number IS NOT NULL'), sqlite_where=sa.text('number IS NOT NULL'))
    op.create_index('ix_ecm_field_values_option_id', 'ecm_field_values', ['field_id', 'option_id', 'card_id'], unique=False, postgresql_where=sa.text('option_id IS NOT NULL'), sqlite_where=sa.text('option_id IS NOT NULL'))
    op.create_index('ix_ecm_field_values_text_key', 'ecm_field_values', ['field_id', 'text_key', 'card_id'], unique=False, postgresql_where=sa.text('text_key IS NOT NULL'), sqlite_where=sa.text('text_key IS NOT NULL'))
    op.create_index('ix_ecm_field_values_user_id', 'ecm_field_values', ['field_id', 'user_id', 'card_id'], unique=False, postgresql_where=sa.text('user_id IS NOT NULL'), sqlite_where=sa.text('user_id IS NOT NULL'))
    op.create_table('ecm_timeline_entries',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('card_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('origin_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.ForeignKeyConstraint(['card_id'], ['ecm_cards.id'], name=op.f('fk_ecm_timeline_entries_card_id')),
    sa.ForeignKeyConstraint(['company_id'], ['ecm_companies.id'], name=op.f('fk_ecm_timeline_entries_company_id')),
    sa.ForeignKeyConstraint(['origin_id'], ['ecm_timeline_entries.id'], name=op.f('fk_ecm_timeline_entries_origin_id')),
    sa.ForeignKeyConstraint(['user_id'], ['ecm_users.id'], name=op.f('fk_ecm_timeline_entries_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecm_timeline_entries')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_ecm_timeline_entries_card', 'ecm_timeline_entries', ['card_id', 'at', 'id'], unique=False)
    op.create_table('ecm_saved_filters',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('card_kind', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('conditions', sa.JSON(), nullable=False),
    sa.Column('sort', sa.String(length=120), nullable=True),
    sa.Column('is_shared', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['ecm_companies.id'], name=op.f('fk_ecm_saved_filters_company_id')),
    sa.ForeignKeyConstraint(['user_id'], ['ecm_users.id'], name=op.f('fk_ecm_saved_filters_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecm_saved_filters')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_ecm_saved_filters_list', 'ecm_saved_filters', ['company_id', 'card_kind', 'user_id'], unique=False)
    op.create_table(
        "ecm_imports",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("card_kind", sa.String(length=20), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("header", sa.JSON(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("duplicates", sa.String(length=20), nullable=False),
        sa.Column("rows_total", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["ecm_companies.id"], name=op.f("fk_ecm_imports_company_id")),
        sa.ForeignKeyConstraint(["user_id"], ["ecm_users.id"], name=op.f("fk_ecm_imports_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecm_imports")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ecm_imports_company", "ecm_imports", ["company_id", "id"], unique=False)
    op.create_index("ix_ecm_imports_state", "ecm_imports", ["state", "id"], unique=False)

    op.create_table(
        "ecm_import_rows",
        sa.Column(
            "import_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("errors", sa.JSON(), nullable=False),
        sa.Column("card_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["card_id"], ["ecm_cards.id"], name=op.f("fk_ecm_import_rows_card_id")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["ecm_companies.id"], name=op.f("fk_ecm_import_rows_company_id")
        ),
        sa.ForeignKeyConstraint(["import_id"], ["ecm_imports.id"], name=op.f("fk_ecm_import_rows_import_id")),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_ecm_import_rows")),
    )
    op.create_index(
        "ix_ecm_import_rows_state", "ecm_import_rows", ["import_id", "state", "number"], unique=False
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
    op.drop_table("ecm_import_rows")
    op.drop_table("ecm_imports")
    op.drop_table("ecm_saved_filters")
    op.drop_table("ecm_timeline_entries")
    op.drop_table("ecm_field_values")
    op.drop_table("ecm_fields")
    op.drop_table("ecm_options")
    op.drop_table("ecm_option_sets")
    op.drop_table("ecm_conversions")
    op.drop_table("ecm_leads")
    op.drop_table("ecm_contact_points")
    op.drop_table("ecm_memberships")
    op.drop_table("ecm_organizations")
    op.drop_table("ecm_contacts")
    op.drop_table("ecm_product_lines")
    op.drop_table("ecm_deals")
    op.drop_table("ecm_stage_moves")
    op.drop_table("ecm_requirements")
    op.drop_table("ecm_stages")
    op.drop_table("ecm_pipelines")
    op.drop_table("ecm_version_texts")
    op.drop_table("ecm_recent_searches")
    op.drop_table("ecm_versions")
    op.drop_table("ecm_uploads")
    op.drop_table("ecm_idempotent_requests")
    op.drop_table("ecm_document_cards")
    op.drop_table("ecm_user_usage")
    op.drop_table("ecm_intents")
    op.drop_table("ecm_documents")
    op.drop_table("ecm_cards")
    op.drop_table("ecm_team_members")
    op.drop_table("ecm_teams")
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
