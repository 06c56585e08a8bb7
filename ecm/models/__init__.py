"""The tables, one concept a file. All are named ``ecm_*``, in a MetaData of their own, so that they can
stand in an application's database."""

from ecm.models.accounts import ApiToken, Company, LoginFailures, User
from ecm.models.audit import AuditEvent
from ecm.models.cards import Card
from ecm.models.clients import Contact, ContactPoint, Membership, Organization
from ecm.models.deals import Deal, ProductLine
from ecm.models.documents import Document, DocumentCard, IdempotentRequest, Version, VersionText
from ecm.models.fields import FIELD_TYPES, Field, FieldValue, Option, OptionSet
from ecm.models.imports import Import, ImportRow
from ecm.models.jobs import Job
from ecm.models.leads import Conversion, Lead
from ecm.models.lists import SavedFilter
from ecm.models.metadata import Base
from ecm.models.outbox import IndexQueue, OutboxTask
from ecm.models.pipelines import Pipeline, Requirement, Stage, StageMove
from ecm.models.searches import RecentSearch
from ecm.models.staging import Intent, Upload
from ecm.models.teams import Team, TeamMember
from ecm.models.timeline import TimelineEntry
from ecm.models.usage import CompanyUsage, Tariff, UserUsage

__all__ = [
    "FIELD_TYPES",
    "ApiToken",
    "AuditEvent",
    "Base",
    "Card",
    "Company",
    "CompanyUsage",
    "Contact",
    "ContactPoint",
    "Conversion",
    "Deal",
    "Document",
    "DocumentCard",
    "Field",
    "FieldValue",
    "IdempotentRequest",
    "Import",
    "ImportRow",
    "IndexQueue",
    "Intent",
    "Job",
    "Lead",
    "LoginFailures",
    "Membership",
    "Option",
    "OptionSet",
    "Organization",
    "OutboxTask",
    "Pipeline",
    "ProductLine",
    "RecentSearch",
    "Requirement",
    "SavedFilter",
    "Stage",
    "StageMove",
    "Tariff",
    "Team",
    "TeamMember",
    "TimelineEntry",
    "Upload",
    "User",
    "UserUsage",
    "Version",
    "VersionText",
]
