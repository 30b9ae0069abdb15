"""The words in which other people's sheets say what a column or a sheet is. Data; all lower case."""

from __future__ import annotations

import re

PARTNER_WORDS = (
    "partner", "reseller", "dealer", "distributor", "agent", "supplier", "vendor", "franchisee", "affiliate",
    "broker", "account", "customer", "client", "company", "organisation", "organization", "firm", "retailer", "contractor",
    "adviser", "advisor", "installer", "provider", "clinic", "wholesaler", "carrier",
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
        "ticket id", "opportunity id", "deal id", "po number", "response number", "response no",
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
CONTACT: dict[str, tuple[str, ...]] = {
    "name": ("contact name", "contact person", "contact", "name", "full name", "person"),
    "role": ("role", "job title", "title", "position", "function"),
    "email": ("email", "e mail", "mail", "email address"),
    "phone": ("phone", "telephone", "phone number", "mobile", "tel"),
    "language": ("language", "preferred language"),
    "valid_until": ("valid until", "left on", "until"),
}
RECORD: dict[str, tuple[str, ...]] = {
    "ref": (
        "opportunity id", "deal id", "registration id", "agreement number", "contract number", "contract no",
        "licence number", "license number", "certificate number", "document number", "number", "reference", "ref", "id",
        "serial number", "serial", "item number", "item no", "article number", "article no",
    ),
    "name": (
        "opportunity", "opportunity name", "deal", "deal name", "agreement", "contract", "certificate", "certification",
        "licence", "license", "document", "item", "article", "title", "name",
    ),
    "status": ("status", "stage", "deal stage", "sales stage", "opportunity stage", "state"),
    "starts_on": (
        "start date", "starts on", "valid from", "from", "issued on", "issue date", "signed on", "signed", "engage date",
        "created date", "created on", "registered on", "opened on", "effective date", "as of", "stock date", "counted on",
        "submitted on",
    ),
    "ends_on": (
        "end date", "ends on", "valid until", "valid to", "until", "expires on", "expiry date", "expiration date",
        "expires", "close date", "expected close date", "closed on", "due date",
    ),
    "amount": (
        "amount", "close value", "deal value", "value", "deal size", "revenue", "expected revenue", "total", "price",
    ),
    "currency": ("currency", "currency code"),
    "quantity": ("quantity", "qty", "seats", "units", "on hand", "stock on hand"),
    "note": ("note", "notes", "comment", "comments", "remark", "remarks", "description"),
    "owner": ("owner", "opportunity owner", "deal owner", "account manager", "sales rep", "sales agent", "salesperson"),
}  # fmt: skip
RECORD_KINDS: dict[str, tuple[str, ...]] = {
    "deal": ("deal", "deals", "opportunity", "opportunities", "pipeline", "registration", "registrations"),
    "agreement": ("agreement", "agreements", "contract", "contracts"),
    "certification": ("certification", "certifications", "certificate", "certificates"),
    "licence": ("licence", "licences", "license", "licenses", "subscription", "subscriptions"),
    "document": ("document", "documents"),
    "target": ("target", "targets", "quota", "quotas"),
    "asset": ("asset", "assets", "equipment"),
    "stock": ("stock", "inventory"),
    "project": ("project", "projects"),
    "milestone": ("milestone", "milestones"),
}
# Names whose misspellings are worth a word; what is not among them is left alone.
INDUSTRIES = (
    "agriculture", "automotive", "aviation", "banking", "chemicals", "construction", "consulting", "consumer goods",
    "defence", "defense", "education", "electronics", "employment", "energy", "engineering", "entertainment", "finance",
    "food", "government", "healthcare", "hospitality", "insurance", "legal", "logistics", "manufacturing", "marketing",
    "media", "medical", "mining", "pharmaceuticals", "real estate", "retail", "services", "software", "technology",
    "telecommunications", "textiles", "tourism", "transportation", "utilities", "warehouse", "wholesale",
)  # fmt: skip
COUNTRIES = (
    "Afghanistan", "Albania", "Algeria", "Argentina", "Armenia", "Australia", "Austria", "Azerbaijan", "Bahrain",
    "Bangladesh", "Belarus", "Belgium", "Bolivia", "Bosnia and Herzegovina", "Botswana", "Brazil", "Bulgaria", "Cambodia",
    "Cameroon", "Canada", "Chile", "China", "Colombia", "Costa Rica", "Croatia", "Cuba", "Cyprus", "Czech Republic",
    "Czechia", "Denmark", "Dominican Republic", "Ecuador", "Egypt", "El Salvador", "Estonia", "Ethiopia", "Finland",
    "France", "Georgia", "Germany", "Ghana", "Greece", "Guatemala", "Honduras", "Hong Kong", "Hungary", "Iceland", "India",
    "Indonesia", "Iran", "Iraq", "Ireland", "Israel", "Italy", "Ivory Coast", "Jamaica", "Japan", "Jordan", "Kazakhstan",
    "Kenya", "Korea", "Kuwait", "Laos", "Latvia", "Lebanon", "Libya", "Liechtenstein", "Lithuania", "Luxembourg",
    "Madagascar", "Malaysia", "Malta", "Mauritius", "Mexico", "Moldova", "Monaco", "Mongolia", "Montenegro", "Morocco",
    "Mozambique", "Myanmar", "Namibia", "Nepal", "Netherlands", "New Zealand", "Nicaragua", "Niger", "Nigeria",
    "North Macedonia", "Norway", "Oman", "Pakistan", "Panama", "Paraguay", "Peru", "Philippines", "Poland", "Portugal",
    "Qatar", "Romania", "Russia", "Rwanda", "Saudi Arabia", "Senegal", "Serbia", "Singapore", "Slovakia", "Slovenia",
    "South Africa", "South Korea", "Spain", "Sri Lanka", "Sudan", "Sweden", "Switzerland", "Syria", "Taiwan", "Tanzania",
    "Thailand", "Tunisia", "Turkey", "Uganda", "Ukraine", "United Arab Emirates", "United Kingdom", "United States",
    "Uruguay", "Uzbekistan", "Venezuela", "Vietnam", "Yemen", "Zambia", "Zimbabwe",
)  # fmt: skip
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

MONEY_KINDS: dict[str, tuple[str, ...]] = {
    "clawback": ("clawback", "clawbacks", "chargeback", "chargebacks"),
    "payout": ("payout", "payouts", "remittance", "remittances"),
    "commission": ("commission", "commissions"),
    "rebate": ("rebate", "rebates"),
    "bonus": ("bonus", "bonuses", "spiff", "spiffs", "spiv", "spivs"),
}
"""Sheets of what partners earn, whatever else stands in their rows: a deal, a state. Of two words the first here counts."""
MONEY: dict[str, tuple[str, ...]] = {
    "amount": ("amount", "commission amount", "payout amount", "rebate amount", "bonus amount", "clawback amount", "commission",
               "payout", "rebate", "bonus", "clawback", "commission earned", "amount earned", "amount due", "amount paid"),
    "occurred_on": ("date", "earned on", "earned date", "commission date", "payout date", "paid on", "paid date", "payment date",
                    "statement date", "period end", "period ending"),
    "ref": ("commission id", "commission no", "payout id", "payout no", "rebate id", "bonus id", "clawback id", "statement no",
            "line id", "reference", "ref"),
}  # fmt: skip
"""How their columns are called, before the words of other activities."""
STATUS = ("state", "payment status", "payout status", "paid status", "commission status", "approval status", "line status",
          "status of payment")  # fmt: skip


def words(header: str) -> str:
    """A header as plain words: ResellerKey, reseller_key and “Reseller Key:” are all “reseller key”."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", header)
    return " ".join(re.sub(r"[^\w]+|_", " ", apart).casefold().split())


_CODE_WORDS = {"phone", "telephone", "tel", "mobile", "fax", "cell", "zip", "zipcode", "postcode", "postal", "plz"}
_CODE_WORDS |= {"vat", "tax", "ein", "iban", "bic", "swift", "isbn", "ean", "gtin"}


def code_like(header: str) -> bool:
    """Whether the digits under a header are a code, never a quantity: phone, post code, tax id."""
    said = words(header).split()
    return not _CODE_WORDS.isdisjoint(said) and "rate" not in said and "amount" not in said


def name_like(header: str) -> bool:
    """Whether a header says that names stand beneath it: of partners, of persons, or simply “name”."""
    known = (*PARTNER["name"], *CONTACT["name"], *PERSON["name"])
    return partner_name(header) or person_name(header) or words(header) in known


def date_like(header: str) -> bool:
    """Whether a header says that a date stands beneath it: order date, valid until, date of document."""
    said = words(header)
    known = (
        ACTIVITY["occurred_on"],
        PARTNER["joined_on"],
        CONTACT["valid_until"],
        RECORD["starts_on"],
        RECORD["ends_on"],
    )
    return "date" in said.split() or any(said in spellings for spellings in known)


def partner_key(header: str) -> bool:
    """Whether a header names the key of a partner: reseller key, vendor id, dealer no."""
    said = words(header)
    return any(said in (f"{w} {k}", f"{w}{k}") for w in PARTNER_WORDS for k in KEY_WORDS)


def key_like(header: str) -> bool:
    """Whether a header ends as the name of a key does: reporting number, licence no."""
    return words(header).rsplit(" ", 1)[-1] in KEY_WORDS


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
