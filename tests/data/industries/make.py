"""Writes the workbooks of the industry packs: python tests/data/industries/make.py [NAME …]. Invented partners and figures.

NAME.xlsx is what comes first, NAME-later.xlsx what comes next. They are read without a map, and lie with the pack they show.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import xlsxwriter

PACKS = Path(__file__).parents[3] / "prm_tui" / "packs"
DAY = date(2026, 3, 31)
Cell = str | int | float | bool | date | datetime | None
Sheets = Mapping[str, Sequence[Sequence[Cell]]]


def day(month: int, of: int, year: int = 2026) -> date:
    """A date of the stories."""
    return date(year, month, of)


def ahead(days: int) -> date:
    """So many days after the day on which the stories begin."""
    return DAY + timedelta(days=days)


DEALERS: list[list[Cell]] = [
    ["Dealer No", "Dealer Name", "Tier"],
    ["D1", "Autohaus Nord", "Gold"],
    ["D2", "Garage Sud", "Silver"],
]
SALE: list[Cell] = ["Dealer No", "Sale No", "Sale Date", "Amount", "Currency", "Model", "State"]
TARGET: list[Cell] = ["Dealer No", "Name", "Metric", "From", "Until", "Amount", "Status"]
SALES: list[list[Cell]] = [
    ["D1", "S1", day(3, 3), 60_000, "EUR", "Van", "delivered"],
    ["D1", "S2", day(3, 17), 45_000, "EUR", "Kombi", "delivered"],
    ["D2", "S3", day(3, 9), 30_000, "EUR", "Kombi", "delivered"],
]
TARGETS: list[list[Cell]] = [["D1", "March", "sales", day(3, 1), day(3, 31), 100_000, "active"],
           ["D2", "March", "sales", day(3, 1), day(3, 31), 50_000, "active"]]  # fmt: skip

RETAILERS: list[list[Cell]] = [["Retailer ID", "Retailer Name", "City", "Product Range"],
             ["R1", "Blitz Elektro", "Köln", "Audio"], ["R2", "Volt & Co", "Graz", "Kitchen"]]  # fmt: skip
RETAIL_CONTACTS: list[list[Cell]] = [["Retailer ID", "Contact Name", "Email"],
                   ["R1", "Ines Roth", "ines@blitz.example"], ["R2", "Karl Amsel", "karl@volt.example"]]  # fmt: skip
RETAIL_AGREEMENTS: list[list[Cell]] = [["Retailer ID", "Agreement Number", "Agreement", "Status", "Valid From", "Valid Until"],
                     ["R1", "A-17", "Retail agreement", "active", day(3, 20), day(3, 19, 2028)],
                     ["R2", "A-18", "Retail agreement", "draft", day(4, 1), day(3, 31, 2028)]]  # fmt: skip

CONTRACTORS: list[list[Cell]] = [["Contractor ID", "Contractor Name"], ["C1", "Mast & Kabel"], ["C2", "Netzbau Ost"]]
DOCUMENT: list[Cell] = ["Contractor ID", "Document", "Document Number", "Issuer", "Valid From", "Valid Until", "Scope", "Signed",
            "Coverage", "Needed Coverage", "Received On", "Status"]  # fmt: skip
DOCUMENTS: list[list[Cell]] = [
    ["C1", "Insurance", "INS-900", "Allsure", day(1, 1), ahead(300), "liability", True, 5_000_000, 3_000_000, ahead(-3), "submitted"],
    ["C1", "Trade licence", "TL-5", "City of Linz", day(1, 1), ahead(400), "electrical work", True, None, None, ahead(-3), "submitted"],
    ["C1", "Safety plan", "SP-1", "Mast & Kabel", day(1, 1), ahead(60), "work at height", True, None, None, ahead(-3), "submitted"],
    ["C2", "Insurance", "INS-77", "Allsure", day(1, 1), ahead(300), "liability", True, 1_000_000, 3_000_000, ahead(-3), "submitted"],
    ["C2", "Trade licence", "TL-5", "City of Linz", day(2, 1), ahead(400), "electrical work", True, None, None, ahead(-3), "submitted"],
]  # fmt: skip

SURVEY: list[Cell] = ["Adviser ID", "Response No", "Survey Date", "Score"]


def answers(adviser: str, scores: Sequence[int], first: date) -> list[list[Cell]]:
    """One answer a day."""
    return [
        [adviser, f"{adviser}-{first:%m%d}-{n}", first + timedelta(days=n), score] for n, score in enumerate(scores)
    ]


STOCK: list[Cell] = ["Distributor ID", "Item", "Item Number", "As Of", "On Hand", "On Order", "Daily Use", "Lead Days", "Safety Stock",
         "Order Up To", "Pack Size", "Min Order", "Unit Price", "Status"]  # fmt: skip
TRAINING: list[Cell] = ["Clinic ID", "Course", "Completed On", "Valid Until", "Reference"]
LICENCE: list[Cell] = ["Reseller ID", "Licence", "Licence Number", "SKU", "Seats", "Usage", "Seat Price", "Valid Until", "Auto Renew",
           "End Customer", "Status"]  # fmt: skip
SUBMISSION: list[Cell] = ["Partner ID", "Submission", "Submission Number", "Study", "Period", "File", "Rows", "Expected Rows", "Duplicates",
              "Out Of Range", "Protocol Version", "Valid Protocol", "Submitted On", "Status"]  # fmt: skip
ORDER: list[Cell] = ["Retailer ID", "Order No", "Order Date", "Amount", "Currency"]
PHASE: list[Cell] = ["Installer ID", "Project", "Milestone", "Milestone No", "Phase", "Due Date", "Amount", "Tests", "Photos", "Sign Off",
         "Accepted On", "Status"]  # fmt: skip


def stock(
    item: str, number: str, as_of: date, on_hand: int, on_order: int, price: float, who: str = "F1"
) -> list[Cell]:
    """A row of the stock sheet: 10 a day, 5 days to come, 20 in reserve, so that 70 is the reorder point."""
    return [who, item, number, as_of, on_hand, on_order, 10, 5, 20, 205, 12, 48, price, "held"]


def submission(number: str, rows: int, duplicates: int, sent: date, protocol: str = "v3") -> list[Cell]:
    """A row of a site's list of submissions."""
    return ["P1", f"Visit data {number}", number, "HORIZON-2", "2026-Q1", f"{number}.csv", rows, 480, duplicates, 0, protocol,
            "v3", sent, "submitted"]  # fmt: skip


def phase(n: int, name: str, status: str, accepted: date | None) -> list[Cell]:
    """A phase of the installation."""
    done = accepted is not None
    return ["T1", "Fibre Ring 7", name, f"FR7-{n}", n, ahead(20 * n), 8_000 + 1_000 * n, done, f"FR7-{n}.zip" if done else None,
            "H. Lorenz" if done else None, accepted, status]  # fmt: skip


INCIDENT: list[Cell] = [
    "Contractor ID",
    "Incident No",
    "Incident Date",
    "Severity",
    "Site",
    "Asset",
    "Lost Time",
    "Reportable",
    "Note",
]
CERTIFICATE: list[Cell] = [
    "Contractor ID",
    "Certification",
    "Certificate Number",
    "Issuer",
    "Valid From",
    "Valid Until",
    "Status",
]
WORK_ORDER: list[Cell] = [
    "Contractor ID",
    "Work Order",
    "Order No",
    "Site",
    "Asset",
    "Due Date",
    "Status",
    "Reassigned To",
]
DELIVERY: list[Cell] = ["Supplier ID", "Delivery No", "Date", "Part", "Promised On", "Quantity Ordered", "Quantity OK"]


def timed(supplier: str, month: int, late: int, of: int = 50) -> list[list[Cell]]:
    """So many deliveries in a month of 2026, the first ones seven days late."""
    days = [day(month, 1 + n % 28) for n in range(of)]
    return [[supplier, f"{supplier}-{month}-{n}", on, "P-1", on - timedelta(days=7 if n < late else -1), 100, 100]
            for n, on in enumerate(days)]  # fmt: skip


SCHEDULED: list[Cell] = ["Supplier ID", "Delivery No", "Date", "SKU", "On Time", "In Full"]
ARTICLE: list[Cell] = ["Supplier ID", "Article", "Article No", "SKU", "Quantity", "Counted On", "Daily Use", "Order Up To", "Alternate",
                       "Alternate Lead Days", "Alternate Due On", "Status"]  # fmt: skip


def weekly(supplier: str, good: int, of: int = 10, weeks: int = 9) -> list[list[Cell]]:
    """So many good deliveries of ten in each of the last weeks before the stories begin."""
    return [[supplier, f"{supplier}-{week}-{n}", ahead(-2 - 7 * week), "KAFFEE", n < good, n < good or n % 2 == 0]
            for week in range(weeks) for n in range(of)]  # fmt: skip


TICKET: list[Cell] = ["Vendor ID", "Ticket ID", "Date", "Severity", "Within SLA", "Hours", "Solved On"]


def tickets(vendor: str, first: date, good: int, of: int, severity: str = "3") -> list[list[Cell]]:
    """So many tickets from a day on, one a day, the first ones solved in time."""
    days = [first + timedelta(days=n) for n in range(of)]
    return [[vendor, f"{vendor}-{on:%m%d}-{severity}", on, severity, n < good, 4 if n < good else 60, on + timedelta(days=n >= good)]
            for n, on in enumerate(days)]  # fmt: skip


DEVICE: list[Cell] = ["Supplier ID", "Device", "Device No", "Serial", "UDI", "Site", "Critical", "Valid Until", "Covered By",
                      "Covered Until", "Status"]  # fmt: skip


def deliveries(many: int) -> list[list[Cell]]:
    """One a day, back from the day before."""
    return [["Q2", f"L{n}", ahead(-1 - n)] for n in range(many)]


OUTAGE: list[Cell] = ["Provider ID", "Outage No", "Outage Date", "Region", "Hours", "Customers"]
CIRCUIT: list[Cell] = ["Provider ID", "Circuit", "Circuit Number", "Region", "Site", "Bandwidth", "Critical", "Amount", "Currency",
           "New Provider", "Cut Over On", "Window", "Rollback", "Porting", "Porting Done", "Status"]  # fmt: skip


def outage(
    report: str, month: int, of: int, hour: int, region: str, hours: float, customers: int, who: str = "Z1"
) -> list[Cell]:
    """A report of an outage."""
    return [who, report, datetime(2026, month, of, hour), region, hours, customers]


SELL_OUT: list[Cell] = ["Retailer ID", "Receipt", "Sale Date", "SKU", "Quantity", "Amount", "Currency"]
SELL_IN: list[Cell] = ["Retailer ID", "Invoice", "Invoice Date", "SKU", "Quantity", "Amount", "Currency"]
QUARTERS = [(day(10, 1, 2025), day(12, 31, 2025), "Q4 2025"), (day(1, 1), day(3, 31), "Q1 2026")]


def targets(retailers: int) -> list[list[Cell]]:
    """The same target for every retailer and quarter."""
    return [[f"K{n}", name, "sales", first, last, 100_000, "active"]
            for n in range(1, retailers + 1) for first, last, name in QUARTERS]  # fmt: skip


def sold(retailer: str, *amounts: int) -> list[list[Cell]]:
    """What a retailer sold in the fourth quarter and in the first, 250 EUR a piece."""
    return [[retailer, f"{retailer}-{n}", QUARTERS[n][1] - timedelta(days=2), "TV55", amount // 250, amount, "EUR"]
            for n, amount in enumerate(amounts)]  # fmt: skip


BOOKS: dict[str, Sheets] = {
    "equipment-reliability-later": {  # Pumpen Pohl answers
        "Safety notices": [["Supplier ID", "Safety Notice", "Notice No", "Device", "Start Date", "Answered On", "Status"],
                           ["E2", "Check the seal", "FSN-9", "Pump A", ahead(-4), ahead(7), "open"]],
    },
    "equipment-reliability": {
        "Suppliers": [["Supplier ID", "Supplier Name", "Hours Between Failures"], ["E1", "Medtechnik Moll", 2_000],
                      ["E2", "Pumpen Pohl", 2_000], ["E3", "Sonden Sauer", None]],
        "Devices": [
            DEVICE,
            ["E1", "Ventilator A", "D-1", "S-1", "(01)0401", "Clinic Nord", True, ahead(400), None, None, "in use"],
            ["E1", "Ventilator B", "D-2", "S-2", "(01)0401", "Clinic Süd", True, ahead(400), "Service Sommer", ahead(700), "in use"],
            ["E1", "Bed", "D-3", "S-3", "(01)0777", "Clinic Süd", False, ahead(90), None, None, "in use"],
            ["E1", "Ventilator old", "D-4", "S-4", "(01)0400", "Clinic Nord", True, ahead(-90), None, None, "scrapped"],
            ["E2", "Pump A", "D-5", "S-5", "(01)0501", "Clinic Nord", True, ahead(400), None, None, "in use"],
            ["E3", "Probe", "D-6", "S-6", "(01)0601", "Clinic Nord", False, ahead(400), None, None, "in use"],
        ],
        "Failures": [
            ["Supplier ID", "Failure No", "Date", "Serial", "Downtime Hours", "Cause"],
            ["E1", "F-1", day(2, 10), "S-1", 50, "valve"], ["E1", "F-2", day(3, 12), "S-1", 40, "valve"],
            ["E1", "F-3", day(3, 20), "S-3", 20, "motor"],
            ["E2", "F-4", day(3, 9), "S-5", 30, "seal"],
        ],
        "Spare parts": [["Supplier ID", "Spare Part", "Part No", "Device", "Quantity", "Last Time Buy", "Status"],
                        ["E1", "Valve", "SP-1", "Ventilator", 2, 12, "needed"]],
        "Safety notices": [["Supplier ID", "Safety Notice", "Notice No", "Device", "Start Date", "Answered On", "Status"],
                           ["E2", "Check the seal", "FSN-9", "Pump A", ahead(-4), None, "open"],
                           ["E3", "Check the cable", "FSN-8", "Probe", ahead(-30), ahead(-25), "open"]],
    },
    "vendor-support": {
        "Vendors": [["Vendor ID", "Vendor Name", "Monthly Fee"], ["V1", "Helpdesk Holm", 4_000], ["V2", "Cloud Claus", 2_000],
                    ["V3", "Netz Nolte", 900]],
        "Tickets": [
            TICKET,
            *tickets("V1", day(1, 2), 16, 20), *tickets("V1", day(2, 2), 17, 20), *tickets("V1", day(3, 2), 15, 20),
            *tickets("V2", day(1, 2), 20, 20), *tickets("V2", day(2, 2), 20, 20), *tickets("V2", day(3, 2), 20, 20),
            *tickets("V2", day(3, 10), 0, 2, "1"), *tickets("V3", day(3, 2), 15, 20),
        ],
        "Licences": [
            ["Vendor ID", "Licence", "Licence Number", "SKU", "Seats", "Usage", "Valid Until", "Holder", "Transferable", "Decision",
             "Status"],
            ["V1", "Monitoring", "L-1", "MON", 40, 35, ahead(60), "us", True, None, "active"],
            ["V1", "Backup", "L-2", "BAK", 10, 10, ahead(200), "vendor", False, "renew", "active"],
            ["V1", "Old console", "L-3", "CON", 5, 0, ahead(45), "vendor", False, "revoke", "active"],
        ],
        "Data held": [["Vendor ID", "Data Held", "Number", "System", "Personal", "Deletion Certificate", "Status"],
                      ["V1", "Ticket history", "DH-1", "Service desk", True, None, "held"]],
        "Credentials": [["Vendor ID", "Credential", "Credential No", "System", "Used By", "Status"],
                        ["V1", "Deploy key", "K-1", "Git", "build server", "active"],
                        ["V1", "Admin account", "K-2", "Directory", "helpdesk", "revoked"]],
        "Escrow": [["Vendor ID", "Escrow", "Escrow No", "Kept By", "Status"],
                   ["V1", "Connector source", "E-1", "Notar Nagel", "deposited"]],
    },
    "vendor-support-cured": {"Tickets": [TICKET, *tickets("V2", ahead(4), 24, 25)]},
    "vendor-support-later": {"Tickets": [TICKET, *tickets("V1", ahead(4), 18, 25)]},
    "supplier-schedule": {
        "Suppliers": [["Supplier ID", "Supplier Name"], ["N1", "Rösterei Roth"], ["N2", "Nudel Neumann"], ["N3", "Öl & Essig"]],
        "Deliveries": [SCHEDULED, *weekly("N1", 8), *weekly("N2", 10), *weekly("N3", 8, weeks=7)],
        "Supplied articles": [
            ARTICLE,
            ["N1", "Coffee 500 g", "N1-1", "KAFFEE", 1_400, ahead(0), 100, 3_000, "Kaffee Kontor", 21, None, "listed"],
            ["N1", "Filter paper", "N1-2", "FILTER", 900, ahead(0), 30, 900, "Papier Paul", 21, None, "listed"],
            ["N1", "Tea", "N1-3", "TEE", 0, ahead(0), 0, 0, None, None, None, "listed"],
            ["N1", "Cocoa", "N1-4", "KAKAO", 10, ahead(0), 10, 0, None, None, None, "delisted"],
        ],
        "Incidents": [
            ["Supplier ID", "Incident No", "Date", "Category", "Caused By", "SKU", "Note"],
            ["N2", "SO-1", ahead(-10), "stock-out", "supplier", "NUDEL", "shelf empty"],
            ["N2", "SO-2", ahead(-20), "stock-out", "supplier", "NUDEL", "shelf empty"],
            ["N2", "SO-3", ahead(-30), "stock-out", "warehouse", "NUDEL", "shelf empty"],
        ],
        "Chargebacks": [["Supplier ID", "Chargeback No", "Date", "Amount", "Currency", "SKU"],
                        ["N1", "CB-1", ahead(-40), 900, "EUR", "KAFFEE"], ["N1", "CB-2", ahead(-12), 350, "EUR", "KAFFEE"]],
    },
    "supplier-schedule-later": {  # the third stock-out that Nudel Neumann has caused; Kaffee Kontor confirms a day
        "Incidents": [["Supplier ID", "Incident No", "Date", "Category", "Caused By", "SKU", "Note"],
                      ["N2", "SO-4", ahead(3), "stock-out", "supplier", "NUDEL", "shelf empty"]],
        "Supplied articles": [ARTICLE,
                              ["N1", "Coffee 500 g", "N1-1", "KAFFEE", 1_400, ahead(3), 100, 3_000, "Kontor", 21, ahead(15), "listed"],
        ],
    },
    "supplier-delivery": {
        "Suppliers": [["Supplier ID", "Supplier Name", "Territory", "Days Late Allowed"], ["B1", "Bremsen Beck", "South", None],
                      ["B2", "Guss Gerber", "South", None], ["B3", "Schläuche Schmid", "South", 7], ["B4", "Achsen Adler", "North", None]],
        "Deliveries": [
            DELIVERY,
            *timed("B1", 1, 8, 100), *timed("B1", 2, 7, 100), *timed("B1", 3, 6, 100),
            *timed("B2", 1, 0), *timed("B2", 2, 0), *timed("B2", 3, 10),
            *timed("B3", 1, 9), *timed("B3", 2, 9), *timed("B3", 3, 9),
            *timed("B4", 3, 12, 12),
        ],
        "Parts": [
            ["Supplier ID", "Part", "Part No", "Site", "Single Source", "Alternate", "Alternate Approved", "Weekly Use", "Safety Stock",
             "Status"],
            ["B1", "Brake disc", "P-1", "Plant 1", False, "Guss Gerber", True, 400, 800, "in series"],
            ["B1", "Caliper", "P-2", "Plant 1", True, None, None, 400, 1_200, "in series"],
            ["B1", "Drum", "P-3", "Plant 2", True, "Guss Gerber", False, 50, 0, "phased out"],
            ["B2", "Housing", "P-4", "Plant 2", False, None, None, 90, 90, "in series"],
            ["B3", "Hose", "P-5", "Plant 2", False, None, None, 90, 90, "in series"],
            ["B4", "Axle", "P-6", "Plant 1", False, None, None, 20, 40, "in series"],
        ],
        "Purchase orders": [
            ["Supplier ID", "Purchase Order", "Order No", "Part", "Quantity", "Due Date", "Amount", "Currency", "Status"],
            ["B1", "Discs", "PO-7", "P-1", 2_000, ahead(100), 64_000, "EUR", "open"],
            ["B1", "Calipers", "PO-8", "P-2", 500, ahead(20), 40_000, "EUR", "open"],
        ],
        "Assets": [["Supplier ID", "Asset", "Asset Number", "Serial", "Part", "Buy Out Price", "Status"],
                   ["B1", "Casting mould", "M-1", "GM-44", "P-1", 18_000, "lent"]],
    },
    "supplier-delivery-later": {  # April: Guss Gerber is back, Bremsen Beck is not
        "Deliveries": [DELIVERY, *timed("B1", 4, 40), *timed("B2", 4, 0, 150), *timed("B3", 4, 9)],
    },
    "contractor-safety": {
        "Contractors": [
            ["Contractor ID", "Contractor Name"],
            ["G1", "Turbinen Bau"], ["G2", "Hochspannung Süd"], ["G3", "Kesselwerk"], ["G4", "Rohr & Ventil"],
        ],
        "Certifications": [
            CERTIFICATE,
            ["G1", "Safety", "SC-1", "TÜV", ahead(-99), ahead(5), "valid"], ["G2", "Safety", "SC-2", "TÜV", ahead(-99), ahead(5), "valid"],
            ["G3", "Safety", "SC-3", "TÜV", ahead(-99), ahead(265), "valid"],
            ["G4", "Safety", "SC-4", "TÜV", ahead(-99), ahead(265), "valid"],
        ],
        "Work orders": [
            WORK_ORDER,
            ["G1", "Overhaul of turbine 2", "W-1", "Lechhausen", "T2", ahead(20), "open", None],
            ["G1", "Inspection of turbine 1", "W-2", "Lechhausen", "T1", ahead(-9), "done", None],
            ["G3", "Boiler seals", "W-3", "Zolling", "K7", ahead(15), "open", None],
            ["G3", "Feed pump", "W-4", "Zolling", "P2", ahead(25), "planned", "Rohr & Ventil"],
        ],
        "Access": [["Contractor ID", "Access", "Access Number", "Site", "Valid From", "Status"],
                   ["G1", "Badge Meier", "B-11", "Lechhausen", ahead(-300), "active"],
                   ["G3", "Badge Huber", "B-31", "Zolling", ahead(-90), "active"]],
        "Incidents": [
            INCIDENT,
            ["G3", "I-1", ahead(-200), "minor", "Zolling", "K7", False, False, "scaffold plank fell"],
            ["G4", "I-2", ahead(-150), "serious", "Irsching", "V3", True, False, "burn at a valve"],
        ],
        "Inspections": [["Contractor ID", "Inspection No", "Inspection Date", "Score", "Finding"],
                        ["G3", "A-1", ahead(-60), 71, "harness worn"]],
        "Hours worked": [["Contractor ID", "Date", "Quantity", "Site"],
                         ["G3", ahead(-31), 4_000, "Zolling"], ["G4", ahead(-31), 900, "Irsching"]],
        "Corrective actions": [
            ["Contractor ID", "Corrective Action", "Action No", "Valid From", "Due Date", "Finding", "Status"],
            ["G3", "New harnesses", "CA-1", ahead(-60), ahead(-10), "harness worn", "open"],
        ],
    },
    "contractor-safety-later": {  # a fatal incident at one, the second serious one within a year at another
        "Incidents": [
            INCIDENT,
            ["G3", "I-3", ahead(8), "fatal", "Zolling", "K7", True, True, "fall from the boiler"],
            ["G4", "I-4", ahead(8), "serious", "Irsching", "V3", True, False, "burn at the same valve"],
        ],
    },
    "contractor-safety-renewed": {
        "Certifications": [CERTIFICATE, ["G1", "Safety", "SC-9", "TÜV", ahead(9), ahead(374), "valid"]],
    },
    "dealer-target": {"Dealers": DEALERS, "Targets": [TARGET, *TARGETS], "Retail sales": [SALE, *SALES]},
    "dealer-target-later": {  # one sale of Autohaus Nord was cancelled, one of Garage Sud came late
        "Retail sales": [
            SALE, SALES[0], [*SALES[1][:6], "cancelled"], SALES[2], ["D2", "S4", day(3, 30), 28_000, "EUR", "Van", "delivered"],
        ],
    },
    "retailer-onboarding": {"Retailers": RETAILERS, "Contacts": RETAIL_CONTACTS, "Agreements": RETAIL_AGREEMENTS},
    "retailer-onboarding-later": {  # the same retailer again, moved, with a new agreement
        "Retailers": [RETAILERS[0], ["R1", "Blitz Elektro", "Bonn", "Audio"]],
        "Agreements": [RETAIL_AGREEMENTS[0], ["R1", "A-19", "Retail agreement", "active", ahead(30), ahead(800)]],
    },
    "contractor-documents": {"Contractors": CONTRACTORS, "Documents": [DOCUMENT, *DOCUMENTS]},
    "contractor-documents-later": {  # C2 sends the insurance again, with more coverage
        "Documents": [DOCUMENT, [*DOCUMENTS[3][:8], 4_000_000, 3_000_000, ahead(3), "submitted"]],
    },
    "adviser-satisfaction": {
        "Advisers": [["Adviser ID", "Adviser Name"], ["V1", "Lindgren Advice"], ["V2", "Three Stars"], ["V3", "Mixed Views"]],
        "Survey": [
            SURVEY,
            *answers("V1", [5, 5, 4, 5, 5, 4, 5, 5, 5, 4, 5, 5, 5, 5, 4, 5, 5, 5, 4, 5, 5, 5], day(2, 20)),
            *answers("V2", [5, 5, 5], day(3, 10)),
            *answers("V3", [5] * 18 + [2, 2], day(3, 1)),
        ],
    },
    "adviser-satisfaction-later": {"Survey": [SURVEY, *answers("V1", [2, 3, 2, 3, 2, 1, 2, 3], ahead(3))]},
    "stock-replenishment": {
        "Distributors": [["Distributor ID", "Distributor Name"], ["F1", "Frischkost Süd"], ["F2", "Kühlhaus West"]],
        "Stock": [
            STOCK,
            stock("Oat milk", "OAT", ahead(-1), 40, 20, 1.5),
            stock("Olive oil", "OIL", ahead(-1), 10, 0, 20),
            stock("Rice", "RIC", ahead(-1), 500, 0, 1),
            stock("Oat milk", "OAT", ahead(-9), 5, 0, 1.5, "F2"),
        ],
    },
    "stock-replenishment-later": {"Stock": [STOCK, stock("Oat milk", "OAT", ahead(1), 35, 0, 1.5)]},
    "stock-replenishment-arrived": {"Stock": [STOCK, stock("Oat milk", "OAT", ahead(4), 30, 156, 1.5)]},
    "mandatory-training": {
        "Clinics": [["Clinic ID", "Clinic Name"], ["H1", "Clinic am Park"], ["H2", "Clinic Nord"], ["H3", "Clinic Hafen"]],
        "Training": [
            TRAINING,
            ["H1", "Device safety", day(2, 1), ahead(300), "T1"],
            ["H1", "Hygiene", day(2, 8), ahead(50), "T2"],
            ["H1", "Data protection", day(3, 20), None, "T3"],
            ["H2", "Device safety", day(2, 1), ahead(300), "T4"],
            ["H2", "Hygiene", day(2, 8), ahead(300), "T5"],
            ["H3", "Device safety", day(2, 1), ahead(300), "T6"],
            ["H3", "Hygiene", day(2, 8), ahead(300), "T7"],
            ["H3", "Data protection", ahead(10), None, "T8"],
        ],
    },
    "mandatory-training-later": {"Training": [TRAINING, ["H1", "Hygiene", ahead(60), ahead(425), "T9"]]},
    "licence-renewal": {
        "Resellers": [["Reseller ID", "Reseller Name"], ["L1", "Bytewerk"], ["L2", "Cloudhaus"]],
        "Contacts": [
            ["Reseller ID", "Contact Name", "Role", "Email"],
            ["L1", "Mia Kern", "sales", "mia@bytewerk.example"],
            ["L1", "Tom Wald", "end customer", "tom@mill.example"],
            ["L2", "Ben Ott", "sales", "ben@cloudhaus.example"],
        ],
        "Licences": [
            LICENCE,
            ["L1", "Design Suite", "N-100", "DS", 50, 41, 30, ahead(90), False, "Mill AG", "active"],
            ["L2", "Backup", "N-200", "BK", 20, 20, 12, ahead(90), False, None, "active"],
            ["L2", "Mail", "N-300", "ML", 20, 20, 5, ahead(90), True, None, "active"],
        ],
    },
    "licence-renewal-later": {
        "Licences": [LICENCE, ["L1", "Design Suite", "N-100", "DS", 45, 41, 30, ahead(455), False, "Mill AG", "active"]],
    },
    "trial-submissions": {
        "Partners": [["Partner ID", "Partner Name"], ["P1", "Site Uppsala"]],
        "Contacts": [["Partner ID", "Contact Name", "Role", "Email"], ["P1", "Eva Dahl", "data manager", "eva@site.example"]],
        "Submissions": [SUBMISSION, submission("SUB-1", 480, 0, ahead(-2)), submission("SUB-2", 480, 7, ahead(-2))],
    },
    "trial-submissions-later": {"Submissions": [SUBMISSION, submission("SUB-2", 480, 0, ahead(5))]},
    "sales-milestones": {
        "Retailers": [["Retailer ID", "Retailer Name"], ["M1", "Haus & Heim"], ["M2", "Eck-Laden"]],
        "Orders": [ORDER, ["M1", "O1", day(2, 10), 20_000, "EUR"], ["M2", "O2", day(2, 11), 9_000, "EUR"]],
    },
    "sales-milestones-later": {"Orders": [ORDER, ["M1", "O3", ahead(1), 85_000, "EUR"]]},
    "sales-milestones-refund": {"Orders": [ORDER, ["M1", "O4", ahead(9), -10_000, "EUR"]]},
    "installation-phases": {
        "Installers": [["Installer ID", "Installer Name"], ["T1", "Glasfaser Team"]],
        "Milestones": [
            PHASE, phase(1, "Survey", "accepted", ahead(-1)), phase(2, "Digging", "waiting", None), phase(3, "Splicing", "waiting", None),
        ],
    },
    "installation-phases-withdrawn": {
        "Milestones": [
            PHASE, phase(1, "Survey", "rejected", ahead(-1)), phase(2, "Digging", "waiting", None), phase(3, "Splicing", "waiting", None),
        ],
    },
    "installation-phases-again": {
        "Milestones": [
            PHASE, phase(1, "Survey", "accepted", ahead(8)), phase(2, "Digging", "waiting", None), phase(3, "Splicing", "waiting", None),
        ],
    },
    "retailer-target": {
        "Retailers": [
            ["Retailer ID", "Retailer Name", "Territory", "Lead Weight"],
            ["K1", "Klang & Bild", "South", 1], ["K2", "Hifi Hafner", "South", 1], ["K3", "Tonstudio Iris", "South", 1],
            ["K4", "Radio Rast", "South", 1], ["K5", "Phono Nord", "North", 1],
        ],
        "Targets": [
            ["Retailer ID", "Name", "Metric", "From", "Until", "Amount", "Status"],
            *targets(5),
        ],
        "Sell-out": [
            SELL_OUT, *sold("K1", 50_000, 55_000), *sold("K2", 90_000, 120_000), *sold("K3", 70_000, 40_000),
            *sold("K4", 30_000, 45_000), *sold("K5", 90_000, 150_000),
        ],
        "Sell-in": [
            SELL_IN,
            ["K4", "I1", day(10, 2, 2025), "TV55", 400, 80_000, "EUR"], ["K4", "I2", day(1, 5), "SB3", 50, 5_000, "EUR"],
        ],
        "Stock return": [["Retailer ID", "Return No", "Return Date", "SKU", "Quantity"], ["K4", "B1", day(2, 9), "TV55", 15]],
        "Rebate accrual": [["Retailer ID", "Accrual No", "Date", "Amount", "Currency"], ["K4", "A1", day(2, 28), 500, "EUR"]],
        "Stock": [
            ["Retailer ID", "Item", "Item Number", "SKU", "Quantity", "Counted On", "Buy Back Price", "Status"],
            ["K4", "TV 55", "K4-TV55", "TV55", 84, day(3, 2), 180, "held"],
            ["K4", "Soundbar 3", "K4-SB3", "SB3", 50, day(3, 2), 80, "held"],
        ],
        "Agreements": [
            ["Retailer ID", "Agreement Number", "Agreement", "Status", "Valid From", "Valid Until", "Min Purchase", "Cure Days"],
            ["K4", "RA-4", "Retail agreement", "active", day(1, 1, 2024), day(12, 31), 120_000, 30],
        ],
        "Assets": [
            ["Retailer ID", "Asset", "Asset Number", "Serial", "Since", "Status"],
            ["K4", "Demo wall", "D-4", "DW-77", day(5, 2, 2025), "lent"],
        ],
    },
    "retailer-target-late": {  # Klang & Bild sends ten more days of March, after the grace
        "Sell-out": [SELL_OUT, ["K1", "K1-9", day(3, 31), "TV55", 40, 10_000, "EUR"]],
    },
    "distributor-quality": {
        "Distributors": [
            ["Distributor ID", "Distributor Name", "Region", "Compliant"],
            ["Q1", "Kühlfracht Berger", "Alps", True], ["Q2", "Frischdienst Inn", "Alps", True],
            ["Q3", "Lager Linz", "Alps", False], ["Q4", "Nordfrost", "Coast", True],
        ],
        "Inspections": [
            ["Distributor ID", "Inspection No", "Inspection Date", "Score", "Finding"],
            ["Q1", "N1", ahead(-60), 78, "minor"], ["Q1", "N2", ahead(-100), 70, "minor"], ["Q2", "N3", ahead(-20), 95, "none"],
        ],
        "Deliveries": [["Distributor ID", "Delivery No", "Delivery Date"], *deliveries(20)],
        "Temperature excursion": [
            ["Distributor ID", "Excursion No", "Date", "Lot", "Degrees", "Hours"], ["Q1", "X1", ahead(-12), "L77", 9.5, 6],
        ],
        "Lots": [
            ["Distributor ID", "Lot Number", "Lot", "Product", "Held At", "Quantity", "Shipped On", "Status"],
            ["Q1", "L77/1", "L77", "Cream", "Café Anna", 40, ahead(-15), "held"],
            ["Q1", "L77/2", "L77", "Cream", None, 60, ahead(-15), "held"],
            ["Q1", "L78/1", "L78", "Butter", "Hotel Post", 25, ahead(-10), "held"],
            ["Q2", "L77/3", "L77", "Cream", "Bäckerei Egg", 30, ahead(-14), "held"],
            ["Q2", "L77/4", "L77", "Cream", "School Inn", 10, ahead(-14), "sold"],
            ["Q4", "L77/5", "L77", "Cream", "Fisch & Co", 15, ahead(-13), "held"],
            ["Q4", "L79/1", "L79", "Yoghurt", "Fisch & Co", 15, ahead(-13), "held"],
        ],
        "Delivery orders": [
            ["Distributor ID", "Delivery Order", "Order Number", "Product", "Deliver To", "Region", "Route", "Quantity",
             "Due Date", "Status"],
            ["Q1", "Cream", "O-1", "Cream", "Café Anna", "Alps", "A12", 20, ahead(6), "open"],
            ["Q1", "Butter", "O-2", "Butter", "Hotel Post", "Alps", "A12", 10, ahead(5), "open"],
            ["Q1", "Cream", "O-3", "Cream", "Inselwirt", "Lakes", "B3", 5, ahead(7), "open"],
        ],
        "Certifications": [
            ["Distributor ID", "Certification", "Certificate Number", "Valid Until", "Status"],
            ["Q1", "HACCP", "H-1", ahead(200), "valid"], ["Q4", "HACCP", "H-4", ahead(30), "valid"],
        ],
    },
    "distributor-quality-later": {
        "Inspections": [
            ["Distributor ID", "Inspection No", "Inspection Date", "Score", "Finding"], ["Q1", "N4", ahead(2), 74, "minor"],
        ],
    },
    "distributor-quality-recall": {
        "Recalls": [
            ["Distributor ID", "Recall", "Recall Number", "Lot", "Product", "Hazard", "Announced On", "Status"],
            ["Q2", "Listeria in cream", "RC-9", "l77", "Cream", "listeria", ahead(4), "announced"],
        ],
    },
    "provider-outages": {
        "Providers": [["Provider ID", "Provider Name"], ["Z1", "Talnetz"], ["Z2", "Bergfunk"]],
        "Outages": [
            OUTAGE,
            outage("R1", 2, 10, 8, "Valley", 5, 400), outage("R2", 2, 10, 9, "Hills", 5, 90), outage("R3", 2, 10, 10, "Valley", 5, 50),
            outage("R4", 1, 20, 22, "Valley", 3, 300), outage("R5", 1, 21, 0, "Hills", 3, 80), outage("R6", 3, 20, 8, "Hills", 2, 10),
            outage("R7", 2, 10, 8, "Lake", 6, 10, "Z2"), outage("R8", 3, 30, 8, "Lake", 1, 10, "Z2"),
        ],
        "Circuits": [
            CIRCUIT,
            ["Z1", "Valley trunk", "V-1", "Valley", "Exchange East", "10G", True, 9_300, "EUR",
             None, None, None, None, True, False, "in service"],
            ["Z1", "Hills ring", "H-1", "Hills", "Tower 4", "1G", False, 3_100, "EUR",
             "Bergfunk", ahead(20), "Sunday 02:00", "old path stays 7 days", False, None, "in service"],
            ["Z1", "Old hills", "H-0", "Hills", "Tower 3", "100M", False, 0, "EUR", None, None, None, None, False, None, "cancelled"],
        ],
        "Customers": [
            ["Provider ID", "Name", "Customer No", "Region", "Language", "Circuit", "Notice On", "Status"],
            ["Z1", "Sägewerk Ott", "KD-1", "Hills", "de", "H-1", ahead(6), "active"],
            ["Z1", "Hotel Vista", "KD-2", "Valley", "it", "V-1", None, "active"],
            ["Z1", "Clinique", "KD-3", "Valley", "fr", "V-1", None, "active"],
        ],
    },
    "provider-outages-later": {  # one more long outage, reported three times
        "Outages": [
            OUTAGE, outage("R9", 4, 2, 6, "Valley", 4.5, 250), outage("R10", 4, 2, 7, "Hills", 2, 40),
            outage("R11", 4, 2, 8, "Valley", 4, 20),
        ],
    },
    "adviser-conduct": {
        "Advisers": [
            ["Adviser ID", "Adviser Name", "Client Capacity"],
            ["W1", "Rossi Advice", 50], ["W2", "Lund & Daughters", 3], ["W3", "Open Door", 10], ["W4", "Full House", 1],
        ],
        "Registrations": [
            ["Adviser ID", "Registration", "Registration No", "State", "Licence", "Status"],
            ["W1", "Ohio", "RG-1", "Ohio", "securities", "active"], ["W2", "Ohio", "RG-2", "Ohio", "securities", "active"],
            ["W2", "Utah", "RG-3", "Utah", "securities", "lapsed"], ["W3", "Ohio", "RG-4", "Ohio", "insurance", "active"],
            ["W4", "Ohio", "RG-5", "Ohio", "securities", "active"],
        ],
        "Customers": [
            ["Adviser ID", "Name", "Customer No", "State", "Licence Needed", "Amount", "Currency", "Vulnerable", "Status"],
            ["W1", "Ada Brook", "CL-1", "Ohio", "securities", 250_000, "EUR", False, "active"],
            ["W1", "Ben Crane", "CL-2", "Ohio", "insurance", 80_000, "EUR", True, "active"],
            ["W1", "Cleo Dane", "CL-3", "Utah", "securities", 90_000, "EUR", False, "active"],
            ["W1", "Gone Long", "CL-4", "Utah", "securities", 0, "EUR", False, "closed"],
            ["W4", "Eve Frost", "CL-5", "Ohio", "securities", 10_000, "EUR", False, "active"],
        ],
        "Open trades": [
            ["Adviser ID", "Name", "Trade No", "Client", "Instrument", "Amount", "Currency", "Due Date", "Status"],
            ["W1", "Sell 40 bonds", "TR-1", "Ada Brook", "Bond 2031", 40_000, "EUR", ahead(2), "open"],
        ],
        "Trail commissions": [
            ["Adviser ID", "Trail No", "Date", "Client", "Amount", "Currency", "Paid"],
            ["W1", "TL-1", day(1, 31), "Ada Brook", 300, "EUR", True], ["W1", "TL-2", day(2, 28), "Ada Brook", 310, "EUR", False],
            ["W1", "TL-3", day(2, 28), "Ben Crane", 90, "EUR", False],
        ],
        "Complaints": [
            ["Adviser ID", "Complaint No", "Complaint Date", "Client", "Severity", "Finding", "Rule"],
            ["W1", "CP-1", day(3, 20), "Ada Brook", "high", "open", "suitability"],
            ["W2", "CP-2", day(3, 21), "Ian Jay", "low", "upheld", "late answer"],
        ],
    },
    "adviser-conduct-later": {
        "Complaints": [
            ["Adviser ID", "Complaint No", "Complaint Date", "Client", "Severity", "Finding", "Rule"],
            ["W1", "CP-1", day(3, 20), "Ada Brook", "high", "upheld", "suitability"],
        ],
    },
    "research-compliance": {
        "Partners": [["Partner ID", "Partner Name"], ["Y1", "Clinical Nord"], ["Y2", "Trialwerk"]],
        "Incidents": [
            ["Partner ID", "Incident No", "Incident Date", "Category", "Severity", "Site"],
            ["Y1", "DV-1", ahead(-3), "protocol deviation", "major", "Lund"],
            ["Y2", "DV-2", ahead(-3), "protocol deviation", "minor", "Graz"],
            ["Y2", "DV-3", ahead(-2), "protocol deviation", "minor", "Graz"],
        ],
        "Study sites": [
            ["Partner ID", "Name", "Site No", "Study", "Site", "Status"],
            ["Y1", "HORIZON-2 in Lund", "ST-1", "HORIZON-2", "Lund", "enrolling"],
            ["Y1", "HORIZON-2 in Kalmar", "ST-2", "HORIZON-2", "Kalmar", "enrolling"],
            ["Y2", "HORIZON-2 in Graz", "ST-3", "HORIZON-2", "Graz", "enrolling"],
        ],
        "Trial subjects": [
            ["Partner ID", "Name", "Subject No", "Study", "Site", "New Site", "Consent", "Status"],
            ["Y1", "Subject 0041", "S-0041", "HORIZON-2", "Lund", "Uppsala", "given", "in treatment"],
            ["Y1", "Subject 0042", "S-0042", "HORIZON-2", "Lund", None, None, "follow-up"],
            ["Y1", "Subject 0043", "S-0043", "HORIZON-2", "Kalmar", None, None, "completed"],
        ],
        "Essential documents": [
            ["Partner ID", "Name", "Document No", "Study", "Held At", "Document Version", "Status"],
            ["Y1", "Investigator's brochure", "ED-1", "HORIZON-2", "site file, Lund", "v7", "have"],
            ["Y1", "Delegation log", "ED-2", "HORIZON-2", None, None, "missing"],
            ["Y1", "Signed protocol", "ED-3", "HORIZON-2", "site file, Kalmar", "v3", "have"],
        ],
        "Data queries": [
            ["Partner ID", "Name", "Query No", "Study", "Visit", "Question", "Since", "Status"],
            ["Y1", "Blood pressure", "DQ-1", "HORIZON-2", "V3", "systolic below diastolic", ahead(-20), "open"],
        ],
    },
    "research-compliance-again": {
        "Incidents": [
            ["Partner ID", "Incident No", "Incident Date", "Category", "Severity", "Site"],
            ["Y1", "DV-9", ahead(9), "protocol deviation", "major", "Kalmar"],
        ],
    },
    "research-compliance-breach": {
        "Serious breaches": [
            ["Partner ID", "Breach No", "Date", "Study", "About"], ["Y2", "SB-1", ahead(4), "HORIZON-2", "consent was back-dated"],
        ],
    },
}  # fmt: skip


def place(name: str) -> Path:
    """Where a workbook lies: with the pack by whose name its own begins."""
    (pack,) = [p.name for p in PACKS.iterdir() if name == p.name or name.startswith(f"{p.name}-")]
    return PACKS / pack / f"{name}.xlsx"


def write(path: Path, sheets: Sheets) -> None:
    """One workbook; the same rows make the same file."""
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as book:
        book.set_properties({"created": datetime(2026, 3, 31)})
        for name, rows in sheets.items():
            page = book.add_worksheet(name)
            for n, row in enumerate(rows):
                for m, cell in enumerate(row):
                    if isinstance(cell, bool):
                        page.write_string(n, m, "yes" if cell else "no")
                    elif isinstance(cell, datetime):
                        page.write_datetime(n, m, cell, book.add_format({"num_format": "yyyy-mm-dd hh:mm"}))
                    elif isinstance(cell, date):
                        page.write_datetime(n, m, datetime(cell.year, cell.month, cell.day))
                    elif cell is not None:
                        page.write(n, m, cell)


if __name__ == "__main__":
    wanted = sys.argv[1:]  # nothing: all of them
    for name, sheets in ((n, s) for n, s in BOOKS.items() if not wanted or n in wanted):
        write(place(name), sheets)
