"""The words in which other people's sheets say what a column or a sheet is. Data; all lower case."""

from __future__ import annotations

import re

PARTNER_WORDS = (
    "partner", "reseller", "dealer", "distributor", "agent", "supplier", "vendor", "franchisee", "affiliate",
    "broker", "account", "customer", "client", "company", "organisation", "organization", "firm",
)  # fmt: skip
KEY_WORDS = ("key", "id", "code", "no", "nr", "number", "num")
PERSON_WORDS = (
    "employee", "salesperson", "sales person", "sales rep", "sales representative", "sales agent",
    "account manager", "partner manager", "rep", "staff", "manager", "user",
)  # fmt: skip

PARTNER: dict[str, tuple[str, ...]] = {
    "code": ("code", "no", "number", "id"),
    "name": ("name", "company", "company name", "legal name", "trading name", "business name"),
    "type": ("type", "business type", "partner type", "category", "channel"),
    "tier": ("tier", "level", "partner tier", "partner level"),
    "territory": ("territory", "region", "sales territory", "sales territory region", "sales region"),
    "country": (
        "country",
        "country region",
        "english country region name",
        "country name",
        "office location",
    ),
    "industry": ("industry", "sector", "vertical"),
    "joined_on": ("joined", "joined on", "join date", "partner since", "since", "start date", "onboarded"),
    "manager": ("account manager", "partner manager", "manager", "owner", "salesperson", "sales rep"),
}
PERSON: dict[str, tuple[str, ...]] = {
    "name": ("name", "full name", "employee name", *PERSON_WORDS),
    "title": ("title", "job title", "position", "role"),
    "email": ("email", "e mail", "mail", "email address"),
}
ACTIVITY: dict[str, tuple[str, ...]] = {
    "ref": (
        "order number", "sales order number", "order no", "order id", "invoice number", "invoice no",
        "invoice id", "document number", "reference", "ref", "trans no", "transaction number",
        "transaction id",
        "ticket id", "opportunity id", "deal id", "po number",
    ),
    "occurred_on": (
        "date", "order date", "invoice date", "sales date", "document date", "date of document",
        "posting date", "paid date", "payment date", "transaction date", "occurred on", "close date",
        "completed on",
    ),
    "amount": (
        "amount", "sales amount", "line total", "line amount", "net amount", "total", "net", "revenue",
        "value", "total amount", "order amount", "order total", "close value", "price total",
    ),
    "quantity": ("quantity", "qty", "order quantity", "units", "pieces", "position number"),
    "currency": ("currency", "currency code"),
    "note": ("note", "notes", "comment", "comments", "remark", "remarks", "description"),
}  # fmt: skip
KINDS: dict[str, tuple[str, ...]] = {
    "order": ("order", "orders", "sale", "sales", "invoice", "invoices", "billing", "turnover"),
    "payment": ("payment", "payments", "paid", "spend", "expenditure"),
    "training": ("training", "trainings", "course", "courses"),
    "certified": ("certification", "certifications", "certificate", "certificates", "exam", "exams"),
    "login": ("login", "logins", "portal"),
    "call": ("call", "calls"),
    "meeting": ("meeting", "meetings"),
    "email": ("email", "emails"),
    "ticket": ("ticket", "tickets", "case", "cases"),
    "delivery": ("delivery", "deliveries", "shipment", "shipments"),
    "complaint": ("complaint", "complaints"),
}


def words(header: str) -> str:
    """A header as plain words: ResellerKey, reseller_key and “Reseller Key:” are all “reseller key”."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", header)
    return " ".join(re.sub(r"[^\w]+|_", " ", apart).casefold().split())


def partner_key(header: str) -> bool:
    """Whether a header names the key of a partner: reseller key, vendor id, dealer no."""
    said = words(header)
    return any(said in (f"{w} {k}", f"{w}{k}") for w in PARTNER_WORDS for k in KEY_WORDS)


def partner_name(header: str) -> bool:
    """Whether a header names a partner: supplier, vendor name, account."""
    said = words(header)
    return any(said in (w, f"{w} name", f"{w}s") for w in PARTNER_WORDS)


def person_key(header: str) -> bool:
    """Whether a header names the key of one of our own people: employee key, sales rep id."""
    said = words(header)
    return any(said == f"{w} {k}" for w in PERSON_WORDS for k in KEY_WORDS)


def person_name(header: str) -> bool:
    """Whether a header names one of our own people: salesperson, sales agent, account manager."""
    said = words(header)
    return any(said in (w, f"{w} name") for w in PERSON_WORDS)
