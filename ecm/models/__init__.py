"""The tables, one concept a file. All are named ``ecm_*``, in a MetaData of their own, so that they can
stand in an application's database."""

from ecm.models.accounts import ApiToken, Company, LoginFailures, User
from ecm.models.audit import AuditEvent
from ecm.models.cards import Card, Deal
from ecm.models.documents import Document, DocumentCard, IdempotentRequest, Version, VersionText
from ecm.models.jobs import Job
from ecm.models.metadata import Base
from ecm.models.outbox import IndexQueue, OutboxTask
from ecm.models.searches import RecentSearch
from ecm.models.staging import Intent, Upload
from ecm.models.usage import CompanyUsage, Tariff, UserUsage

__all__ = [
    "ApiToken",
    "AuditEvent",
    "Base",
    "Card",
    "Company",
    "CompanyUsage",
    "Deal",
    "Document",
    "DocumentCard",
    "IdempotentRequest",
    "IndexQueue",
    "Intent",
    "Job",
    "LoginFailures",
    "OutboxTask",
    "RecentSearch",
    "Tariff",
    "Upload",
    "User",
    "UserUsage",
    "Version",
    "VersionText",
]
