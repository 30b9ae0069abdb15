"""What tells a company apart from others of its name: its tax id, its domain on the web."""

from __future__ import annotations

import re

TAX_FIELDS = (
    "vat", "vat_id", "vat_no", "vat_nr", "vat_number", "vat_reg_no", "tax_id", "tax_no", "tax_number", "tax_code", "ein", "tin",
    "ust_id", "ustid", "ust_idnr", "siret", "siren", "cif", "nif", "abn", "gstin", "uid", "company_number", "company_no",
    "companies_house_number", "registration_number", "duns", "duns_number",
)  # fmt: skip
"""Keys of custom fields that hold the number under which a state knows a company."""
WEB_FIELDS = (
    "website", "web_site", "web", "web_address", "url", "homepage", "home_page", "domain", "site", "email", "e_mail",
    "email_address", "e_mail_address", "mail", "contact_email",
)  # fmt: skip
"""Keys of custom fields that hold an address on the web or a mail address."""
FREE_MAIL = {
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.co.uk", "live.com", "msn.com", "yahoo.com",
    "yahoo.co.uk", "yahoo.fr", "yahoo.de", "ymail.com", "aol.com", "icloud.com", "me.com", "mac.com", "gmx.de", "gmx.net",
    "gmx.at", "gmx.com", "web.de", "t-online.de", "freenet.de", "orange.fr", "wanadoo.fr", "free.fr", "laposte.net",
    "libero.it", "virgilio.it", "btinternet.com", "sky.com", "comcast.net", "verizon.net", "att.net", "sbcglobal.net",
    "bellsouth.net", "cox.net", "charter.net", "earthlink.net", "protonmail.com", "proton.me", "mail.com", "mail.ru",
    "yandex.ru", "qq.com", "163.com", "facebook.com", "linkedin.com", "instagram.com",
}  # fmt: skip
"""Domains that everybody may have an address at, so that they tell nobody apart."""
_ADDRESS = re.compile(r"^(?:[a-z][a-z0-9+.-]*://)?(?:[^@/\s]*@)?(?:www\d?\.)?([^/:?#\s@]+\.[a-z]{2,})(?:[/:?#].*)?$")


def tax_key(text: str) -> str | None:
    """A tax id for comparing: letters and digits only, "GB 123 4567 89" as "GB123456789"; None for what is too short."""
    plain = re.sub(r"[\W_]+", "", text).upper()
    return plain if len(plain) >= 6 and sum(c.isdigit() for c in plain) >= 5 else None


def web_domain(text: str) -> str | None:
    """The domain of a web or mail address, "https://www.Acme.com/x" and "ann@acme.com" as "acme.com".

    None for what is no address, and for domains that tell nobody apart (FREE_MAIL).
    """
    match = _ADDRESS.match(text.strip().rstrip(".").lower())
    return match[1] if match and match[1] not in FREE_MAIL else None
