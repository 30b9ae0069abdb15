"""Healthcare: who is trained receives referrals, and only as long as it lasts."""

from __future__ import annotations

from tests.packs.office import Office


def pool(office: Office, code: str) -> tuple[object, object]:
    return office.field(code, "compliance"), office.field(code, "referral_weight")


def test_the_whole_set_counts_and_only_while_it_is_valid(office: Office) -> None:
    office.adopt("mandatory-training")
    taken = office.take("mandatory-training")
    assert taken["Training"].plan.what == "activity:training"
    assert taken["Training"].notes == [
        "1 row is dated in the future (row 9, 2026-04-10); no rule counts that before its day"
    ]
    office.contact("H1", "H2", "H3")
    assert office.fired() == {"training-complete": 1}
    assert pool(office, "H1") == ("compliant", 1)
    assert office.messages() == ["Clinic am Park receives referrals"]
    assert pool(office, "H2") == (None, None), "two of three are not the set"
    assert pool(office, "H3") == (None, None), "the third is dated in the future"
    assert office.fired(9) == {}
    assert office.fired(10) == {"training-complete": 1} and pool(office, "H3") == ("compliant", 1), "its day has come"

    assert office.fired(20) == {"training-ends-soon": 1}
    assert office.fired(50) == {}, "the last day of hygiene"
    assert office.fired(51) == {"training-lapsed": 1}
    assert pool(office, "H1") == ("lapsed", 0), "out of the pool that day"
    assert office.tasks() == ["Book the training of Clinic am Park anew: it receives no referrals"]

    office.later(60)
    office.take("mandatory-training-later")
    assert office.fired() == {"training-complete": 1} and pool(office, "H1") == ("compliant", 1)
