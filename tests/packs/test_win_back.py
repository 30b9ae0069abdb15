"""Partners that went quiet are won back: by reason, in three touches, until they answer, with a reason and a decision."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.exchange import Choices
from prm_tui.domain.winback import chance
from prm_tui.services import automation, cases, exchange, kept, packs, reasons, triggers, winback
from tests.packs.programme import DAY, Office, opened


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with opened(tmp_path, monkeypatch) as office:
        yield office


def quiet(office: Office, *codes: str, days: int = 200, **fields: str) -> None:
    """Partners whose last order was so many days ago, in a file whose sheets reach to today."""
    for code in codes:
        office.partner(code, joined_on="2023-01-01", **fields)
        for n in range(4):
            office.happened(code, "order", on=DAY - timedelta(days=days + 40 * n), amount="1000", ref=f"{code}{n}")


def trainings(office: Office) -> None:
    """Somebody else was trained, so the file knows of trainings, and who had none."""
    office.partner("T")
    office.happened("T", "training")
    office.happened("T", "order", amount="1")


def said(office: Office, code: str, reason: str, by: str = "manager") -> None:
    reasons.say(office.store, office.of(code), reason, said_by=by, actor=office.who("Pat"), as_of=office.day)


def switch_on(office: Office, *names: str, first: str = "act", **changed: object) -> None:
    """The pack as Dana has added it, with its triggers on; `changed`: keys of went-quiet that are other than shipped."""
    packs.add_named(office.store, "win-back", actor=office.who("Dana"), as_of=office.day)
    if changed:
        text = triggers.export(office.store, ["went-quiet"], office.day)
        text = text.replace("month_cap = 100\n", "")
        text = text.replace(
            'first = "note"\n', 'first = "note"\n' + "".join(f"{k} = {v}\n" for k, v in changed.items())
        )
        packs.add(office.store, text, "own.toml", actor=office.who("Dana"), as_of=office.day)
    for name in names or ("went-quiet",):
        triggers.switch_on(office.store, name, first=first, actor=office.who("Max"), as_of=office.day)


def test_each_reason_has_its_own_way(office: Office) -> None:
    trainings(office)
    quiet(office, *"ABCDEFGHIJKLM")
    office.record("K", "certification", name="Basics", status="valid", ends_on=str(DAY + timedelta(days=30)))
    office.record("L", "fund", name="Fair", status="granted", amount="800")
    said(office, "M", "expectations")
    for code, reason in zip("BCDEFGHI", ("enablement", "competitor", "incentive", "product", "contact-left", "resources",
                                         "market", "data"), strict=True):  # fmt: skip
        said(office, code, reason)
    said(office, "J", "closed", "partner")
    switch_on(office)
    office.run()
    assert sorted(office.messages()) == [
        "Partner A: a day of training is on us", "Partner B: a day of training is on us",
        "Partner C: may we show you what has changed?", "Partner D: double margin on your next order",
        "Partner G: we can lend a hand", "Partner H: where your market goes", "Partner I: your sales sheet is missing",
        "Partner K: a certificate ends in 30 days", "Partner L: 800.00 of funds wait for you",
    ]  # fmt: skip
    assert sorted(office.inbox()) == [
        "Call with a plan", "Find who is there now", "Have settled what is open before anybody sells",
        "Partner J: keep, re-tier or let go?",
    ]  # fmt: skip
    assert office.records("D", "winback_offer") == [("Double margin on the next order of Partner D", "Offered")]
    assert not winback.look(office.store, office.day).same_text
    office.done("Find who is there now")
    assert "Partner F: what you can expect of us" in office.messages()


def test_three_touches_in_thirty_days_then_the_reason_then_the_decision_with_the_numbers_seen(office: Office) -> None:
    quiet(office, "A")
    said(office, "A", "resources")
    office.on(0)
    switch_on(office)
    office.run()
    assert office.messages() == ["Partner A: we can lend a hand"]
    office.on(10).run()
    office.done("Call Partner A")
    office.on(20).run()
    assert office.all("SELECT channel FROM messages ORDER BY id") == ["mail", "letter"]
    body = office.all("SELECT body FROM messages WHERE channel = 'letter'")[0]
    assert "What happens: on 1 April 2026" in body and "How to stay: place an order" in body
    office.on(30).run()
    asked = office.task("keep, re-tier or let go?")
    assert asked.role == "program manager"
    assert "230 days ago" in (asked.detail or ""), asked.detail
    office.approve("keep, re-tier or let go?", "Dana", choice="keep")
    assert office.outcomes("winback") == [("A", "kept")]
    assert office.documents() == ["Numbers when it went quiet", "Numbers when it was decided"]
    (case,) = cases.list_of(office.store, closed=True)
    proof = [
        cases.evidence(office.store, one.id).decode("utf-8", "ignore")
        for one in cases.get(office.store, case.id).evidence
    ]
    assert "200 days ago" in proof[0] and "230 days ago" in proof[1], proof


def test_nobody_closes_it_without_a_reason_and_who_says_so(office: Office) -> None:
    quiet(office, "A")
    switch_on(office)
    office.run()
    office.on(3).happened("A", "reply")
    office.run()
    assert office.inbox() == ["Say why Partner A was quiet"], "the reply stops what was still to be sent"
    office.done("Say why Partner A was quiet")
    assert office.inbox() == ["Say why Partner A was quiet"], "saying that it is said is not enough"
    with pytest.raises(UsageError, match="Did you mean “competitor”"):
        said(office, "A", "competetor")
    with pytest.raises(UsageError, match="cannot say it"):
        said(office, "A", "competitor", by="inferred")
    office.happened("A", "inactivity_reason", reason="price war", said_by="partner")
    office.run()
    assert office.inbox() == ["Say why Partner A was quiet"], (
        "a word of their own is kept, but it is no reason of the list"
    )
    said(office, "A", "Competitor won", by="partner")
    office.run()
    assert office.outcomes("winback") == [("A", "replied")] and office.inbox() == []
    assert [(s.label, s.said_by, s.by) for s in reasons.listed(office.store, office.day)] == [
        ("Competitor won", "partner", "Pat")
    ]
    assert [s.known for s in reasons.listed(office.store, office.day, office.of("A"))] == [True, False]


def test_business_stops_it_and_nobody_need_call_any_more(office: Office) -> None:
    quiet(office, "A")
    said(office, "A", "enablement")
    switch_on(office)
    office.run()
    office.on(10).run()
    assert office.inbox() == ["Call Partner A"]
    office.on(12).happened("A", "order", amount="500", ref="back")
    office.run()
    assert office.outcomes("winback") == [("A", "reactivated")] and office.inbox() == []
    assert office.messages() == [], "no letter follows, and what was not sent yet is sent no more"
    assert office.messages("cancelled") == ["Partner A: a day of training is on us"]
    office.on(60).run()
    assert office.outcomes("winback") == [("A", "reactivated")]


def test_business_calls_off_what_was_not_sent_yet(office: Office) -> None:
    """Nobody is reminded to complete or send a message to a partner that is back."""
    quiet(office, "A", manager="")
    said(office, "A", "market")
    switch_on(office)
    office.run()
    assert len(office.inbox()) == 1 and "manager is empty" in office.inbox()[0]
    office.on(3).happened("A", "order", amount="500", ref="back")
    office.run()
    assert office.outcomes("winback") == [("A", "reactivated")] and office.inbox() == []
    assert office.messages("returned") == [] and office.messages("cancelled") == ["Partner A: where your market goes"]


def test_the_stage_of_a_case_is_the_task_as_it_reads(office: Office) -> None:
    quiet(office, "A")
    switch_on(office)
    office.run()
    office.on(10).run()
    assert [row.stage for row in cases.list_of(office.store)] == ["Call Partner A"]


def test_who_has_potential_is_visited_and_who_was_won_back_twice_is_decided_about(office: Office) -> None:
    quiet(office, "BIG", tier="Gold")
    quiet(office, "SMALL", "TWICE")
    for n in (600, 450):
        office.on(-n)
        packs.add_named(office.store, "win-back", actor=office.who("Dana"), as_of=office.day)
        winback.begin(office.store, [office.of("TWICE")], actor=office.who("Pat"), as_of=office.day)
        office.happened("TWICE", "reply")
        said(office, "TWICE", "seasonal", "partner")
        office.on(5 - n)
        automation.run(office.store, as_of=office.day)
    assert office.outcomes("winback") == [("TWICE", "replied")] * 2
    office.on(0)
    switch_on(office)
    office.run()
    asked = [title for title in office.inbox() if not title.startswith("Message")]
    assert asked == ["Say why Partner TWICE is quiet"], "no third campaign: the reason, then the decision"
    office.on(10).run()
    assert sorted(title for title in office.inbox() if not title.startswith("Message")) == [
        "Call Partner SMALL",
        "Say why Partner TWICE is quiet",
        "Visit Partner BIG",
    ]


def test_a_message_with_an_empty_field_goes_to_nobody(office: Office) -> None:
    quiet(office, "A", manager="")
    said(office, "A", "market")
    switch_on(office)
    office.run()
    assert office.messages() == [] and office.messages("returned") == ["Partner A: where your market goes"]
    assert "manager is empty" in office.inbox()[0]


def test_a_month_has_its_cap_and_the_rest_waits_for_a_person(office: Office) -> None:
    quiet(office, *"ABCDE")
    switch_on(office, month_cap=3)
    done = office.run()
    assert (done.fired[0].acted, done.fired[0].held) == (3, 2)
    quiet(office, "F")
    office.run()
    assert len(office.outcomes("winback")) == 3, "the month is full"
    automation.release(office.store, "went-quiet", actor=office.who("Max"), as_of=office.day)
    assert len(office.outcomes("winback")) == 6


def test_some_are_left_out_by_chance_and_the_lift_is_told_after_ninety_days(office: Office) -> None:
    codes = [f"P{n:02}" for n in range(40)]
    quiet(office, *codes)
    key = DAY.isoformat()
    spared = [code for code in codes if chance("went-quiet", code, key) < 0.2]
    assert 3 <= len(spared) <= 14
    switch_on(office, hold_out=0.2)
    done = office.run()
    assert (done.fired[0].acted, done.fired[0].hold_out) == (40 - len(spared), len(spared))
    treated = [code for code in codes if code not in spared]
    assert [code for code, _ in office.outcomes("winback")] == treated
    early = winback.results(office.store, office.day)
    assert early.lift is None and early.treated.unknown == len(treated) and "cannot be told yet" in early.sentence
    office.on(40)
    for code in [*treated[:20], spared[0]]:
        office.happened(code, "order", amount="100", ref=f"back {code}")
    office.on(91)
    office.happened(treated[-1], "order", amount="100", ref="too late")
    found = winback.results(office.store, office.day)
    assert (found.treated.judged, found.treated.back) == (len(treated), 20)
    assert (found.left_out.judged, found.left_out.back) == (len(spared), 1)
    assert found.lift is not None
    lift, low, high = found.lift
    assert lift == pytest.approx(20 / len(treated) - 1 / len(spared)) and low < lift < high
    assert found.treated.amount == 2000
    assert [(b.label, b.partners) for b in found.brought] == [("reactivated", 0), ("new", 0)], "180 days are not over"
    office.on(181)
    office.happened(treated[-2], "order", amount="1", ref="covers")
    office.partner("NEW", joined_on=str(DAY - timedelta(days=10)))
    office.happened("NEW", "order", on=DAY, amount="500")
    office.happened("NEW", "order", on=DAY + timedelta(days=100), amount="250")
    back, new = winback.results(office.store, office.day).brought
    assert (back.partners, back.after_90, back.after_180) == (20, Decimal(100), Decimal(100))
    assert (new.partners, new.after_90, new.after_180) == (1, Decimal(500), Decimal(750))
    assert sum(arm.of for arm in found.by_outcome) == len(treated)
    office.run()
    assert len(office.outcomes("winback")) == len(treated), "who was left out stays left out while quiet"


def test_nobody_is_judged_beyond_what_the_sheets_tell(office: Office, tmp_path: Path) -> None:
    office.partner("A", joined_on="2023-01-01")
    sheet = tmp_path / "orders.csv"
    sheet.write_text(
        "Partner,Order date,Order number,Amount\nA,2025-06-01,1,100\nA,2025-08-20,2,100\n", encoding="utf-8"
    )
    with exchange.read(office.store, [sheet], forced={"orders": "activity:order"}) as reading:
        exchange.commit(office.store, reading, Choices(covered_to=DAY), actor=None, as_of=DAY)
    switch_on(office)
    office.run()
    office.on(200)
    found = winback.results(office.store, office.day)
    assert (found.treated.of, found.treated.judged) == (1, 0), "no sheet tells of the 90 days yet"
    assert found.sentence.startswith("Nobody was left out")
    sheet.write_text("Partner,Order date,Order number,Amount\nA,2026-04-01,3,100\n", encoding="utf-8")
    with exchange.read(office.store, [sheet], forced={"orders": "activity:order"}) as reading:
        exchange.commit(
            office.store, reading, Choices(covered_to=DAY + timedelta(days=95)), actor=None, as_of=office.day
        )
    found = winback.results(office.store, office.day)
    assert (found.treated.judged, found.treated.back) == (1, 1)


def test_it_takes_the_place_of_the_small_one(office: Office) -> None:
    quiet(office, "A")
    office.switch_on("gone-quiet")
    done = packs.add_named(office.store, "win-back", actor=office.who("Dana"), as_of=office.day)
    assert done.off == ("gone-quiet",), "its workflow is another now, so a second person must agree"
    with pytest.raises(UsageError, match="cannot switch it on as well"):
        triggers.switch_on(office.store, "gone-quiet", actor=office.who("Dana"), as_of=office.day)
    assert packs.export(office.store, "win-back") == packs.text_of(office.store, "win-back")
    with pytest.raises(InputError, match="the pack win-back has another workflow “winback” already"):
        packs.add_named(office.store, "gone-quiet", actor=office.who("Dana"), as_of=office.day)


def test_who_is_kept_is_left_alone_until_the_day_that_was_named(office: Office) -> None:
    quiet(office, "A", "B")
    for reason, until, why in (("", DAY, "reason"), ("x", None, "until"), ("x", DAY - timedelta(days=1), "is over"),
                               ("x", DAY + timedelta(days=400), "say it twice")):  # fmt: skip
        with pytest.raises(UsageError, match=why):
            kept.keep(office.store, office.of("A"), reason, until, actor=office.who("Pat"), as_of=DAY)
    with pytest.raises(UsageError, match="Say who wants to"):
        kept.keep(office.store, office.of("A"), "x", DAY, actor=None, as_of=DAY)
    kept.keep(
        office.store, office.of("A"), "builds a plant", DAY + timedelta(days=60), actor=office.who("Pat"), as_of=DAY
    )
    kept.keep(
        office.store,
        office.of("B"),
        "first try",
        DAY + timedelta(days=400),
        twice=True,
        actor=office.who("Pat"),
        as_of=DAY,
    )
    office.on(5)
    kept.keep(
        office.store, office.of("B"), "sabbatical", DAY + timedelta(days=30), actor=office.who("Max"), as_of=office.day
    )
    switch_on(office)
    office.run()
    assert office.outcomes("winback") == []
    office.on(20).happened("B", "order", amount="10", ref="B-back")
    found = {(o.code, o.reason): o.result for o in kept.listed(office.store, office.day)}
    assert found == {("A", "builds a plant"): "not back yet", ("B", "sabbatical"): "came back on 2026-03-22",
                     ("B", "first try"): "came back on 2026-03-22"}  # fmt: skip
    office.on(61).run()
    assert office.outcomes("winback") == [("A", None)]
    assert {o.code: o.result for o in kept.listed(office.store, office.day) if o.reason == "builds a plant"} == {
        "A": "ended on 2026-05-01, did not come back"
    }


def test_an_early_warning_is_the_managers_alone_and_goes_by_itself(office: Office) -> None:
    office.partner("A", joined_on="2023-01-01")
    for n in range(60):
        office.happened("A", "order", on=DAY - timedelta(days=50 + 7 * n), amount="10", ref=f"A{n}")
    switch_on(office, "early-warning", "went-quiet")
    office.run()
    assert office.inbox() == ["Quieter than it used to be: Partner A"] and office.messages() == []
    office.on(2).happened("A", "order", amount="10", ref="again")
    office.run()
    assert office.outcomes("early-warning") == [("A", "active again")] and office.inbox() == []


def test_who_never_sold_gets_a_plan_and_a_decision(office: Office) -> None:
    office.partner("N", joined_on="2025-09-01")
    office.partner("O", joined_on="2023-01-01")
    office.happened("O", "order", amount="10")
    switch_on(office, "no-first-deal", "went-quiet")
    office.run()
    assert office.messages() == ["Partner N: your first deal"] and office.inbox() == [
        "Plan the first deal with Partner N"
    ]
    office.done("Plan the first deal")
    office.on(30).run()
    office.approve("never sold", "Dana", choice="let go")
    assert office.inbox() == ["Open the deactivation of Partner N"]


def test_flagged_for_thirty_days_and_untouched_goes_up(office: Office) -> None:
    quiet(office, "A", "B")
    for code in "AB":
        said(office, code, "competitor")
    switch_on(office, "went-quiet", "untouched")
    office.run()
    office.on(12).happened("B", "call")
    office.on(31).run()
    assert "Nobody was in touch with Partner A for 30 days" in office.inbox()
    assert [row.code for row in winback.look(office.store, office.day).untouched] == ["A"]
    office.on(33).happened("A", "visit")
    office.run()
    assert not any("Nobody was in touch with Partner A" in title for title in office.inbox())


def test_who_is_quiet_and_has_no_case_is_untouched_too_unless_kept_or_left_out(office: Office) -> None:
    quiet(office, "A", "B", "C", days=300)
    office.happened("C", "call", on=DAY - timedelta(days=5))
    kept.keep(office.store, office.of("B"), "a plant", DAY + timedelta(days=9), actor=office.who("Pat"), as_of=DAY)
    (loose,) = winback.look(office.store, DAY).untouched
    assert (loose.code, loose.why, loose.owner) == ("A", "inactive, and no case is open", "Pat")
    quiet(office, *"DEFGH", days=300)
    for code in "DEFGH":
        said(office, code, "seasonal")
    switch_on(office, hold_out=0.5)
    office.run()
    left_out = {code for code in "ADEFGH" if chance("went-quiet", code, DAY.isoformat()) < 0.5}
    assert left_out and left_out != set("ADEFGH")
    office.on(31).run()
    assert {row.code for row in winback.look(office.store, office.day).untouched} == set("ADEFGH") - left_out


def test_one_text_for_nearly_all_is_a_warning_in_the_rehearsal_and_afterwards(office: Office) -> None:
    trainings(office)
    for n, code in enumerate("ABCDEF"):
        quiet(office, code, tier=("Gold", "Silver")[n % 2])
    switch_on(office)
    told = automation.rehearse(office.store, as_of=office.day)
    assert told.warnings == [
        "One size fits all: “back-training” goes to 6 of 6 partners, though they differ in tier. Write a text for each reason"
    ]
    office.run()
    look = winback.look(office.store, office.day)
    assert [sent.warning for sent in look.same_text] == told.warnings and not look.undated


def test_a_case_for_which_nothing_is_due_is_told(office: Office) -> None:
    quiet(office, "A")
    endless = (
        '[trigger.own]\ntitle = "Own"\nwhen = "inactive"\nfirst = "act"\nstart = "winback"\n[workflow.winback]\ntitle = "Win-back"\n'
        '[[workflow.winback.step]]\nid = "hope"\ndo = "wait"\nuntil = "count(order, 30) > 0"\n'
    )
    packs.add(office.store, endless, "own.toml", actor=office.who("Dana"), as_of=DAY)
    triggers.switch_on(office.store, "own", first="act", actor=office.who("Max"), as_of=DAY)
    office.run()
    (loose,) = winback.look(office.store, DAY).undated
    assert (loose.code, loose.since, loose.owner) == ("A", DAY, "Pat") and "without a day" in loose.why


def test_it_is_begun_by_hand_for_those_marked(office: Office) -> None:
    quiet(office, "A", "B", days=100)
    with pytest.raises(UsageError, match="prm packs add win-back"):
        winback.begin(office.store, [office.of("A")], actor=office.who("Pat"), as_of=office.day)
    packs.add_named(office.store, "win-back", actor=office.who("Dana"), as_of=office.day)
    winback.begin(office.store, [office.of("A"), office.of("B")], actor=office.who("Pat"), as_of=office.day)
    assert office.outcomes("winback") == [("A", None), ("B", None)] and len(office.messages()) == 2
    with pytest.raises(UsageError, match="such a case is open already"):
        winback.begin(office.store, [office.of("A")], actor=office.who("Pat"), as_of=office.day)
