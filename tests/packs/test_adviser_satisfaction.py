"""Finance: satisfied clients are rewarded where enough of them were asked."""

from __future__ import annotations

from tests.packs.office import Office


def test_five_of_five_from_three_answers_is_no_reward(office: Office) -> None:
    office.adopt("adviser-satisfaction")
    taken = office.take("adviser-satisfaction")
    assert (taken["Survey"].plan.what, taken["Survey"].new) == ("activity:survey", 45)
    office.contact("V1", "V2", "V3")
    office.manage("V1", "V2", "V3")
    assert office.fired() == {"satisfaction-reached": 1}
    assert office.tags("V1") == ["clients recommend"] and office.field("V1", "directory") == "featured"
    assert office.ledger("V1") == [(500, "new")]
    assert office.all("SELECT note, period FROM ledger") == [("Mean 4.7727 of 22 answers", "2026-Q1")]
    assert office.all("SELECT title FROM evidence") == ["Letter of recognition"]
    assert office.messages() == ["Recognition for Lindgren Advice", "Lindgren Advice: clients are satisfied"]
    assert not office.tags("V2") and not office.ledger("V2"), "a mean of 5.0, but three answers only"
    assert not office.tags("V3") and not office.ledger("V3"), "a mean of 4.7, but 18 of 20 is not certainly 80 %"
    office.take("adviser-satisfaction")
    assert office.run().quiet, "the same answers again are the same answers"

    office.later(12)
    office.take("adviser-satisfaction-later")
    assert office.fired() == {"satisfaction-lost": 1}
    assert office.tags("V1") == [] and office.field("V1", "directory") == "listed"
    assert office.tasks() == ["Talk with Lindgren Advice: clients are less satisfied"]
    assert office.ledger("V1") == [(500, "new")], "what was earned stays earned"
