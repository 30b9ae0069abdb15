"""Partners are known by their tax id and their domain where no key of theirs has been seen before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from prm_tui.domain.exchange import Choices, ImportReport
from prm_tui.domain.identity import tax_key, web_domain
from prm_tui.services import contacts, exchange, files, partners
from storage import Store

DAY = date(2026, 3, 1)
DEALERS = """Dealer No,Dealer Name,VAT No,Website,City
1,Acme Ltd,GB 123 4567 89,https://www.acme.example/uk,Leeds
2,Bolt GmbH,DE111222333,bolt.example,Bonn
3,Nut SARL,,nut@gmail.com,Lyon
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with files.open_file(tmp_path / "partners.db", create=True) as opened:
        take(opened, tmp_path, "dealers.csv", DEALERS)
        yield opened


def take(store: Store, folder: Path, name: str, text: str, choices: Choices | None = None) -> ImportReport:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    with exchange.read(store, [path]) as reading:
        return exchange.commit(store, reading, choices, actor=None, as_of=DAY)


def test_the_same_tax_id_is_the_same_company_under_any_name_and_number(store: Store, tmp_path: Path) -> None:
    report = take(store, tmp_path, "crm.csv", "Account ID,Account,VAT No,Sector\nA7,ACME UK,gb123456789,retail\n")
    assert (report.sheets[0].new, report.sheets[0].changed) == (0, 1)
    acme = partners.get(store, partners.resolve(store, "A7"), DAY)
    assert (acme.fields["code"], acme.fields["industry"]) == ("1", "retail")
    assert partners.find(store, as_of=DAY).total == 3


def test_the_same_domain_is_it_under_the_same_name_and_a_question_under_another(store: Store, tmp_path: Path) -> None:
    sheet = "Account ID,Account,Email,Sector\nA1,Bolt,ann@bolt.example,steel\nA2,Rivet,bob@www.bolt.example,steel\n"
    with pytest.raises(
        exchange.Uncertain, match=r"is Rivet \(A2\) one of these.*2 Bolt GmbH: the same domain bolt.example, another"
    ):
        take(store, tmp_path, "crm.csv", sheet)
    report = take(store, tmp_path, "crm.csv", sheet, Choices(ask="new"))
    assert (report.sheets[0].new, report.sheets[0].changed) == (1, 1)
    assert partners.resolve(store, "A1") == partners.resolve(store, "2") != partners.resolve(store, "A2")


def test_an_address_of_a_contact_counts_and_free_mail_does_not(store: Store, tmp_path: Path) -> None:
    contacts.add(
        store, partners.resolve(store, "3"), {"name": "Eve", "email": "eve@nut.example"}, actor=None, as_of=DAY
    )
    sheet = "Account ID,Account,Email\nA1,Nut,info@nut.example\nA2,Washer,nut@gmail.com\n"
    report = take(store, tmp_path, "crm.csv", sheet)
    assert (report.sheets[0].new, report.sheets[0].changed) == (1, 1)
    assert partners.resolve(store, "A1") == partners.resolve(store, "3")


def test_branches_that_share_a_tax_id_are_asked_never_merged(store: Store, tmp_path: Path) -> None:
    more = "4,Acme Hull,GB123456789,,Hull\n5,Acme York,GB123456789,,York\n"
    with pytest.raises(exchange.Uncertain, match="the same tax id GB123456789"):
        take(store, tmp_path, "dealers.csv", DEALERS + more)
    report = take(store, tmp_path, "dealers.csv", DEALERS + more, Choices(ask="new"))
    assert (report.sheets[0].new, report.sheets[0].same) == (2, 3)
    assert take(store, tmp_path, "dealers.csv", DEALERS + more).nothing_new


@pytest.mark.parametrize(
    ("said", "domain"),
    [
        ("https://www.Acme.com/x?y", "acme.com"),
        ("ann@acme.co.uk", "acme.co.uk"),
        ("WWW2.acme.com:8080", "acme.com"),
        ("ann@gmail.com", None),
        ("n/a", None),
        ("12.5", None),
        ("see acme.com", None),
    ],
)
def test_domains(said: str, domain: str | None) -> None:
    assert web_domain(said) == domain


@pytest.mark.parametrize(
    ("said", "key"), [("GB 123-4567 89", "GB123456789"), ("unknown", None), ("n/a", None), ("-", None)]
)
def test_tax_ids(said: str, key: str | None) -> None:
    assert tax_key(said) == key
