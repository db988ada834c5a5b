"""What the methods answer, as the API reference shows it. Amounts, dates and times stand for their wire form.

A test compares every answer that the tests of the API get with the type its method declares.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import NotRequired, TypedDict


def _about(description: str) -> Any:
    return Field(description=description)


class BoundStall(TypedDict):
    market: str
    stall: str
    stall_no: str
    lease: str


class Session(TypedDict):
    user: Annotated[str | None, _about("Nobody is signed in when empty")]
    stalls: Annotated[list[BoundStall], _about("The stalls the account is bound to")]
    bound: bool
    privacy_accepted: Annotated[bool, _about("Whether the current privacy text was accepted")]
    csrf_token: Annotated[
        str | None,
        _about("To be sent as X-Frappe-CSRF-Token with each write; empty where no session cookie is used"),
    ]


class SignedIn(Session):
    sid: Annotated[str, _about("Value of the session cookie")]


class SignedOut(TypedDict):
    user: None


class Consent(TypedDict):
    version: str
    accepted_at: datetime


class ScannedStall(TypedDict):
    market: str
    market_name: str
    stall_no: str


class CodeSent(TypedDict):
    retry_after: Annotated[int, _about("Seconds until another code may be asked for")]


class PrivacyText(TypedDict):
    version: str
    text: Annotated[str, _about("Markdown")]


class SealedDocument(TypedDict):
    valid: Annotated[bool, _about("False when it is unknown or void")]
    code: NotRequired[str]
    kind: NotRequired[str]
    reference: NotRequired[Annotated[str, _about("Number of the receipt or report")]]
    title: NotRequired[Annotated[str, _about("What it was issued for; names nobody")]]
    issued_at: NotRequired[datetime]
    content_hash: NotRequired[Annotated[str, _about("SHA-256 of what is printed")]]
    void: NotRequired[bool]
    note: NotRequired[
        Annotated[str, _about("What has happened since, such as a part refund; empty when nothing has")]
    ]


class FeeLine(TypedDict):
    description: str
    quantity: Decimal
    unit_price: Decimal
    days: int
    amount: Decimal


class OpenFee(TypedDict):
    name: str
    fee_type: str
    fee_type_label: str
    period: Annotated[str, _about("YYYY-MM")]
    amount: Annotated[Decimal, _about("The bill's amount without late fee")]
    outstanding: Annotated[Decimal, _about("Unpaid part of the amount")]
    late_fee: Annotated[Decimal, _about("Unpaid late fee up to today")]
    due_date: date
    days_overdue: int
    overdue: bool
    lines: Annotated[list[FeeLine], _about("The steps that add up to the amount")]
    late_fee_lines: Annotated[list[str], _about("How the late fee came about")]


class LateFeeStep(TypedDict):
    first_day: date
    last_day: date
    principal: Annotated[Decimal, _about("Unpaid at the start of each of these days")]
    daily_rate: Decimal
    days: int
    amount: Decimal


class LateFeeDerivation(TypedDict):
    fee: str
    steps: Annotated[list[LateFeeStep], _about("Together they are the amount")]
    cap: Annotated[Decimal | None, _about("What late fees never exceed; empty when none run on this bill")]
    capped: bool
    amount: Annotated[Decimal, _about("Late fee of the bill's whole life, paid or not")]


class StallFees(TypedDict):
    stall: str
    stall_no: str
    market: str
    red_card: Annotated[bool, _about("Whether a red card is published for the stall")]
    total_due: Annotated[Decimal, _about("Unpaid amounts and late fees together")]
    fees: list[OpenFee]


class Fees(TypedDict):
    as_of: date
    stalls: list[StallFees]
    prepaid_balance: Annotated[Decimal, _about("Received and not used yet")]


class Bill(TypedDict):
    name: str
    stall_no: str
    fee_type: str
    fee_type_label: str
    period: Annotated[str, _about("YYYY-MM")]
    amount: Annotated[Decimal, _about("The bill's amount without late fee")]
    waived: Annotated[Decimal, _about("Waived part of the amount; not paid")]
    paid: Annotated[Decimal, _about("Paid part of the amount; what was waived is not in it")]
    late_fee: Annotated[Decimal, _about("All late fees ever posted on the bill")]
    late_fee_waived: Decimal
    late_fee_paid: Decimal
    outstanding: Annotated[Decimal, _about("Unpaid, with posted late fees")]
    status: str
    due_date: date
    paid_date: date | None


class MadePayment(TypedDict):
    payment_order: str
    channel: str
    amount: Decimal
    refunded: Annotated[Decimal, _about("What of it has gone back")]
    paid_at: datetime
    receipt: str | None


class Month(TypedDict):
    period: Annotated[str, _about("YYYY-MM")]
    amount: Decimal
    waived: Decimal
    paid: Decimal
    late_fee: Decimal
    late_fee_waived: Decimal
    late_fee_paid: Decimal
    outstanding: Decimal
    bills: list[Bill]
    payments: Annotated[list[MadePayment], _about("Payments made in that month")]


class History(TypedDict):
    total: Annotated[int, _about("Number of months")]
    months: list[Month]


class NewPayment(TypedDict):
    payment_order: str
    amount: Decimal
    expires_at: datetime
    pay_params: Annotated[dict[str, str], _about("For wx.requestPayment")]


class Payment(TypedDict):
    payment_order: str
    status: Annotated[str, _about("Created, Pending, Paid, Closed, Failed, Quarantined or Reversed")]
    channel: str
    amount: Decimal
    refunded: Annotated[Decimal, _about("What of it has gone back")]
    paid_at: datetime | None
    expires_at: datetime | None
    receipt: str | None


class ReceiptRow(TypedDict):
    name: str
    stall: Annotated[str | None, _about("Empty when the receipt covers several stalls")]
    amount: Decimal
    issued_at: datetime
    status: Annotated[str, _about("Issued or Void")]
    refunded: Annotated[Decimal, _about("What of it has gone back")]
    payment_order: str
    verification_code: str


class Receipts(TypedDict):
    total: int
    receipts: list[ReceiptRow]


class RefundRow(TypedDict):
    name: str
    amount: Decimal
    channel: str
    status: Annotated[str, _about("Requested, Approved, Processing, Succeeded, Failed or Rejected")]
    requested_at: datetime
    finished_at: datetime | None
    payment_order: Annotated[str | None, _about("Empty when balance goes back")]
    voucher: Annotated[str | None, _about("Number of the refund voucher, once the money has left")]


class Refunds(TypedDict):
    total: int
    refunds: list[RefundRow]


class Figures(TypedDict):
    charged: Annotated[Decimal, _about("Principal billed, waived bills included")]
    waived: Decimal
    received: Annotated[Decimal, _about("Paid, also out of balances; what was waived is not in it")]
    outstanding: Decimal
    rate: Annotated[
        Decimal | None, _about("received ÷ (charged − waived); empty when nothing was to be paid")
    ]


class CollectionFigures(TypedDict):
    market: str
    period: Annotated[str, _about("YYYY-MM")]
    as_of: date
    of_period: Annotated[Figures, _about("The bills of the period; their rate is 当期收缴率")]
    due_in_month: Annotated[
        Figures, _about("The bills due in that month, of any period; their rate is 到期收缴率")
    ]
    overdue: Annotated[Decimal, _about("Principal that is overdue, of any period")]
    stalls_in_arrears: int


class SkippedStall(TypedDict):
    stall: str
    reason: str


class BillRun(TypedDict):
    created: Annotated[list[str], _about("Names of the drafts made")]
    existing: Annotated[int, _about("Bills that were there already")]
    skipped: Annotated[list[SkippedStall], _about("What could not be billed, and why")]


class Reviewed(TypedDict):
    reviewed: Annotated[int, _about("Drafts that may now be published")]


class Published(TypedDict):
    published: int


class Named(TypedDict):
    name: str


class NamedStatus(TypedDict):
    name: str
    status: str


class ReversedBill(NamedStatus):
    red_cards_lifted: list[str]


class Confirmed(TypedDict):
    confirmed: int


class Collected(TypedDict):
    payment_order: str
    receipt: str | None
    red_cards_lifted: list[str]


class ReconciledDay(NamedStatus):
    open_differences: Annotated[int, _about("Differences that somebody has to look into")]


class ClosedSession(NamedStatus):
    differences: Annotated[dict[str, Decimal], _about("Counted less expected, by channel")]


class Termination(TypedDict):
    reversed: Annotated[list[str], _about("Bills taken back because the last day changes them")]
    drafted: Annotated[list[str], _about("Names of the drafts made")]
    skipped: Annotated[list[SkippedStall], _about("What could not be billed, and why")]
    withdrawn: Annotated[list[str], _about("Leases that were withdrawn before they began")]


class WithdrawnLease(TypedDict):
    reversed: Annotated[list[str], _about("Bills taken back that were drawn up ahead")]
    withdrawn: Annotated[list[str], _about("Leases that were withdrawn before they began")]


class SettledDeposit(TypedDict):
    prepaid_balance: Annotated[Decimal, _about("Received and not used yet")]
    leases_paid: Annotated[list[str], _about("Leases whose fees were paid")]
    opening_deposit: Annotated[
        Decimal | None, _about("Of the deposit, taken before this system; empty if unknown")
    ]


class Opening(TypedDict):
    deposit: Annotated[Decimal | None, _about("Of the deposit, taken before this system; empty if unknown")]
    balance: Annotated[Decimal | None, _about("Balance brought along; empty if none was ever recorded")]


class ReopenedFee(TypedDict):
    fee: str
    stall_no: str
    fee_type: str
    fee_type_label: str
    period: Annotated[str, _about("YYYY-MM")]
    taken_off: Annotated[Decimal, _about("What of the payment is taken off the fee")]
    principal: Annotated[Decimal, _about("What is unpaid of the amount then")]
    late_fee: Annotated[Decimal, _about("Unpaid late fee up to today then")]


class DepositTaken(TypedDict):
    lease: str
    amount: Annotated[Decimal, _about("What is taken out of the deposit")]


class TakenBack(TypedDict):
    fees: Annotated[list[ReopenedFee], _about("What is open again, later bills included, by due date")]
    deposits: list[DepositTaken]
    balance: Annotated[Decimal, _about("What of the payment is unused and leaves the prepaid balance")]
    refunded: Annotated[Decimal, _about("What of it went back to the merchant already, or is about to")]


class ReopenedFees(TypedDict):
    fees: Annotated[list[str], _about("Fees that are open again")]


class DunningRun(TypedDict):
    as_of: date
    sent: Annotated[dict[str, dict[str, int]], _about("Notices by level and channel")]
    total: int
    skipped: Annotated[dict[str, int], _about("Groups left alone, by reason")]
    red_cards: Annotated[list[str], _about("Red cards drafted")]


class ReviewedCard(TypedDict):
    name: str
    status: str
    reject_reason: str | None


class CellError(TypedDict):
    sheet: str
    row: int
    column: str
    value: str
    reason: str


class ImportChange(TypedDict):
    row: int
    stall: str
    column: str
    old: str
    new: str
    reason: Annotated[str | None, _about("Why an import cannot apply it")]


class ImportOutcome(TypedDict):
    status: Annotated[str, _about("Checked (nothing was written), Posted or Refused")]
    rows: int
    accepted: int
    rejected: int
    unchanged: Annotated[int, _about("Accepted rows that are in already and add nothing")]
    differing: Annotated[
        int, _about("Accepted rows that say something else than what is stored, which was left")
    ]
    changed: Annotated[int, _about("Accepted rows whose differences were applied")]
    changes: Annotated[list[ImportChange], _about("What differs from what is stored; the first 500")]
    notes: Annotated[list[str], _about("Columns and rows of the file that were not read")]
    unread: Annotated[int, _about("Meters of the template that nobody has read yet; not counted as rows")]
    held: Annotated[int, _about("Readings a clerk must confirm")]
    added: Annotated[dict[str, int], _about("New documents by DocType")]
    repeated: Annotated[bool, _about("The same file was imported before")]
    document: Annotated[str | None, _about("Name of the Market Import")]
    errors: Annotated[list[CellError], _about("The first 200")]
    error_workbook: Annotated[str | None, _about("Address of the workbook with the rejected rows")]


class ImportState(TypedDict):
    name: str
    kind: Annotated[str, _about("merchants, readings or arrears")]
    market: str
    state: Annotated[str, _about("Queued, Running, Done or Failed")]
    step: NotRequired[Annotated[str, _about("While it runs: Reading, Checking or Writing")]]
    done: NotRequired[Annotated[int, _about("Rows of this step that are done")]]
    total: NotRequired[int]
    result: NotRequired[ImportOutcome]
    error_code: NotRequired[str]
    message: NotRequired[str]


class Consents(TypedDict):
    recorded: Annotated[int, _about("Consents added to the ledger")]
