"""Energy: documents of contractors are checked by their fields; a number that another has sent, too, is looked into."""

from __future__ import annotations

from tests.packs.office import Office


def status(office: Office, code: str) -> dict[str, tuple[str, str | None]]:
    rows = office.records(code, "document", "name, status, json_extract(data, '$.checks')")
    return {name: (status, checks) for name, status, checks in rows}


def test_documents_are_checked_approved_or_asked_about(office: Office) -> None:
    office.adopt("contractor-documents")
    taken = office.take("contractor-documents")
    assert taken["Documents"].plan.what == "record:document"
    office.contact("C1", "C2")
    office.manage("C1", "C2")

    assert office.fired()["contractor-document"] == 5
    first = status(office, "C1")
    assert first["Insurance"] == ("valid", "all checks passed")
    assert first["Safety plan"][0] == "submitted", "a person reads safety plans"
    assert status(office, "C2")["Insurance"] == ("submitted", "the coverage is too low")
    assert office.tags("C1") == office.tags("C2") == ["document fraud suspected"], (
        "both have sent TL-5 of the City of Linz"
    )
    assert first["Trade licence"] == ("submitted", "another partner has sent a document with this number")
    assert office.field("C1", "work_orders") is None
    assert "Insurance of Netzbau Ost: the coverage is too low" in office.tasks()
    assert office.run().quiet

    office.later(1)
    office.decide("Trade licence TL-5 of Mast & Kabel", "it is theirs", "Lea")
    office.decide("Trade licence TL-5 of Netzbau Ost", "it is not theirs", "Lea")
    office.decide("Safety plan of Mast & Kabel", "accept", "Lea")
    office.decide("Insurance of Netzbau Ost", "send back", "Lea")
    assert office.fired() == {"contractor-complete": 1, "contractor-expiry": 1}, "the plan ends in 59 days"
    assert office.field("C1", "work_orders") == "open" and office.tags("C1") == []
    assert status(office, "C2")["Trade licence"][0] == "rejected" and office.tags("C2") == ["document fraud suspected"]
    assert sorted(office.messages()) == [
        "Insurance: please send it again", "Mast & Kabel: work orders are open", "Safety plan: valid until 30 May 2026",
        "Trade licence: please send it again",
    ]  # fmt: skip

    office.later(3)
    office.take("contractor-documents")
    assert not office.fired(), "the same sheet again is no new document"
    office.take("contractor-documents-later")
    assert office.fired() == {"contractor-document-again": 1}
    assert status(office, "C2")["Insurance"] == ("valid", "all checks passed"), "sent again with more coverage"
    assert office.field("C2", "work_orders") is None


def test_a_document_that_ends_puts_work_orders_on_hold(office: Office) -> None:
    office.adopt("contractor-documents")
    office.take("contractor-documents")
    office.contact("C1", "C2")
    office.manage("C1", "C2")
    office.run()
    office.decide("Trade licence TL-5 of Mast & Kabel", "it is theirs", "Lea")
    office.decide("Safety plan of Mast & Kabel", "accept", "Lea")
    assert office.fired(1) == {"contractor-complete": 1, "contractor-expiry": 1}, "the plan ends in 59 days"
    assert office.fired(30) == {"contractor-expiry": 1}
    assert office.fired(61) == {"contractor-expiry": 1, "contractor-incomplete": 1}
    assert status(office, "C1")["Safety plan"][0] == "expired"
    assert office.field("C1", "work_orders") == "on hold"
    assert "Stop new work orders of Mast & Kabel: its documents are not complete" in office.tasks()
