"""Who has gone quiet? Asked in one line, on three years of real orders."""

from __future__ import annotations

from pathlib import Path

import pytest

from prm_tui.domain.condition import ConditionError
from prm_tui.services import conditions, partners
from storage import Store


@pytest.mark.parametrize(
    ("text", "found", "unknown"),
    [
        ("days_since(order) > 90", 187, 66),
        ("days_since(order) > 91", 187, 66),
        ("days_since(order) >= 92", 187, 66),
        ("days_since(order) > 92", 180, 66),
        ("days_since(order) > 180", 169, 66),
        ("days_since(order) > 365", 142, 66),
        ("days_since(order) > 366", 118, 66),
        ("count(order, 90) = 0", 253, 0),
        ("count(order, 91) = 0", 253, 0),
        ("count(order, 92) = 0", 246, 0),
        ("never(order)", 66, 0),
        ("never(order) or days_since(order) > 90", 253, 0),
    ],
)
def test_the_figures_as_of_29_november_2013(demo_file: Path, text: str, found: int, unknown: int) -> None:
    with Store.open(demo_file) as store:
        listing = partners.find(store, condition=text, as_of=store.today())
        assert (len(listing.ids), listing.unknown, listing.total) == (found, unknown, 701)
        with_unknown = partners.find(store, condition=text, as_of=store.today(), show_unknown=True)
        assert len(with_unknown.ids) == found + unknown


def test_custom_fields_of_the_workbook_can_be_asked_for(demo_file: Path) -> None:
    with Store.open(demo_file) as store:
        fields = conditions.catalogue(store).partner
        assert fields["number_employees"].type == "number"
        listing = partners.find(store, condition="number_employees > 90 and country = 'canada'", as_of=store.today())
        assert 0 < len(listing.ids) < 701
        with pytest.raises(ConditionError, match="Did you mean “number_employees”"):
            conditions.check(store, "number_employes > 90")


def test_words_and_a_condition_narrow_each_other(demo_file: Path) -> None:
    with Store.open(demo_file) as store:
        words = set(partners.find(store, text="bike", as_of=store.today()).ids)
        quiet = set(partners.find(store, condition="days_since(order) > 90", as_of=store.today()).ids)
        both = partners.find(store, text="bike", condition="days_since(order) > 90", as_of=store.today())
        assert set(both.ids) == words & quiet


def test_an_explanation_names_the_cell(demo_file: Path) -> None:
    with Store.open(demo_file) as store:
        partner = partners.resolve(store, "1")
        leaf = conditions.why(store, partner, "days_since(order) > 90 and territory = 'Northwest'", store.today())
        assert leaf.outcome == "met"
        since, territory = leaf.parts
        assert (since.value, since.behind) == (762, 4)
        assert str(since.rows[0].source) == "resellers-and-sales.xlsx · Sales row 6,717"
        assert str(territory.rows[0].source) == "resellers-and-sales.xlsx · Resellers row 2"
        values = {v.text: v.value for v in conditions.facts_of(store, partner, store.today())}
        assert values["count(order, 365)"] == 0
