"""Red cards: drafted for a week of arrears, reviewed by a supervisor, lifted in the transaction that settles them.

Every change locks the merchant first and the card second, in the order that payments use, and reads the ledger with
a locking read. So a card is never published for arrears that a payment settles at the same moment.
"""

from datetime import date, datetime, timedelta

import frappe
from cn_connect.money import to_db
from frappe import _
from frappe.model.document import Document
from frappe.utils import now_datetime
from market_mgmt.domain import dunning as dunning_rules
from market_mgmt.domain import red_card as rules
from market_mgmt.services import arrears
from market_mgmt.services.arrears import FeeGroup
from market_mgmt.services.rows import lock
from market_mgmt.services.values import as_date, as_datetime

_SETTLED_BEFORE_REVIEW = "Settled before the review"


def draft_due(market: str, now: datetime) -> list[str]:
    """Drafts a card for every lease that has been in arrears for a week. Running it again drafts nothing.

    Leases under a dunning block and leases with an open card are left alone. Returns the names.
    """
    as_of = now.date()
    by_lease: dict[str, list[FeeGroup]] = {}
    for group in arrears.overdue(arrears.of_market(market, as_of), as_of):
        by_lease.setdefault(group.lease, []).append(group)
    blocked = _blocked_merchants(market, as_of)
    carded, decided = _carded(market)
    drafted = []
    for lease, groups in by_lease.items():
        if lease in carded or groups[0].merchant in blocked:
            continue
        since = rules.oldest_new_arrears([group.due_date for group in groups], as_of, decided.get(lease))
        if since:
            drafted.append(_draft(groups, since, now))
    return drafted


def _draft(groups: list[FeeGroup], since: date, now: datetime) -> str:
    first = groups[0]
    card = frappe.get_doc(
        {
            "doctype": "Red Card",
            "market": first.market,
            "stall": first.stall,
            "merchant": first.merchant,
            "lease": first.lease,
            "status": rules.DRAFTED,
            "overdue_since": since,
            "amount_at_draft": to_db(sum((group.amount for group in groups), start=first.amount * 0)),
            "drafted_at": now,
        }
    )
    return card.insert(ignore_permissions=True).name


def review(name: str, approve: bool, reason: str | None, by: str, now: datetime) -> Document:
    """Publishes a drafted card or rejects it with a reason; the merchant is told of a published one.

    A card whose arrears have been settled meanwhile is rejected whatever the reviewer says.
    Raises ValidationError for a rejection without reason and for a card that is no draft.
    """
    if not approve and not (reason or "").strip():
        frappe.throw(_("Please give a reason for the rejection."))
    card = _locked(name)
    if card.status != rules.DRAFTED:
        frappe.throw(_("This red card is {0} and cannot be reviewed.").format(_(card.status)))
    card.update({"reviewed_by": by, "reviewed_at": now})
    open_arrears = arrears.overdue(arrears.of_lease(card.lease, now.date(), lock=True), now.date())
    if not open_arrears:
        card.update({"status": rules.REJECTED, "settled_at": now, "reject_reason": _(_SETTLED_BEFORE_REVIEW)})
    elif approve:
        card.update({"status": rules.PUBLISHED, "published_at": now})
    else:
        card.update({"status": rules.REJECTED, "reject_reason": (reason or "").strip()})
    card.save(ignore_permissions=True)
    if card.status == rules.PUBLISHED:
        # Imported here because dunning itself drafts cards.
        from market_mgmt.services import dunning

        dunning.notify_red_card(card, open_arrears, now)
    return card


def lift_if_settled(lease: str, now: datetime) -> list[str]:
    """Closes the open cards of a lease that has no arrears left: published ones are lifted, drafts dropped.

    Called inside the settlement, and by the sweeper. Returns the names of the cards closed.
    """
    names = _open_cards({"lease": lease}, "name")
    if not names or arrears.overdue(arrears.of_lease(lease, now.date(), lock=True), now.date()):
        return []
    closed = []
    for name in names:
        card = _locked(name)
        if card.status not in rules.OPEN:
            continue
        status = rules.on_settlement(card.status)
        card.update({"status": status, "settled_at": now - _since_settled(lease)})
        if status == rules.LIFTED:
            card.lifted_at = now
        else:
            card.reject_reason = _(_SETTLED_BEFORE_REVIEW)
        card.save(ignore_permissions=True)
        closed.append(name)
    return closed


def sweep(now: datetime) -> list[str]:
    """Closes every open card whose arrears are settled; there is one only if a settlement missed it."""
    missed = [name for lease in sorted(set(_open_cards({}, "lease"))) for name in lift_if_settled(lease, now)]
    if missed:
        frappe.log_error(
            title="Red cards lifted by the sweeper", message="Not lifted when settled: " + ", ".join(missed)
        )
    return missed


def published_leases(leases: list[str]) -> set[str]:
    """Those of the leases that carry a published card."""
    filters = {"lease": ("in", leases), "status": rules.PUBLISHED}
    return set(frappe.get_all("Red Card", filters=filters, pluck="lease")) if leases else set()


def check(card: Document) -> None:
    """A card takes only the steps of its life, and a lease has one open card at a time."""
    before = card.get_doc_before_save()
    if before and before.status != card.status:
        try:
            rules.step(before.status, card.status)
        except rules.NotAllowed:
            frappe.throw(
                _("A red card that is {0} cannot become {1}.").format(_(before.status), _(card.status))
            )
    card.open_key = card.lease if card.status in rules.OPEN else None


def _locked(name: str) -> Document:
    """The card as it is now, with its merchant and itself locked until the transaction ends."""
    merchant = frappe.db.get_value("Red Card", name, "merchant")
    lock("Merchant", [merchant] if merchant else [])
    return frappe.get_doc("Red Card", name, for_update=True)


def _open_cards(filters: dict, pluck: str) -> list[str]:
    return frappe.get_all("Red Card", filters={**filters, "status": ("in", rules.OPEN)}, pluck=pluck)


def _since_settled(lease: str) -> timedelta:
    """How long ago the last entry that reduced the lease's arrears was written, by the wall clock on both sides."""
    rows = frappe.get_all(
        "Account Entry",
        filters={"lease": lease, "credit_account": ("in", ("Receivable", "Late Fee Receivable"))},
        fields=["creation"],
        order_by="creation desc",
        limit=1,
    )
    if not rows:
        return timedelta()
    return max(timedelta(), now_datetime() - as_datetime(rows[0].creation))


def _blocked_merchants(market: str, as_of: date) -> set[str]:
    rows = frappe.get_all(
        "Merchant", filters={"market": market, "dunning_blocked": 1}, fields=["name", "dunning_block_until"]
    )
    return {
        row.name
        for row in rows
        if dunning_rules.blocked(
            True, as_date(row.dunning_block_until) if row.dunning_block_until else None, as_of
        )
    }


def _carded(market: str) -> tuple[set[str], dict[str, date]]:
    """The leases with an open card, and for the others the day on which their last rejected card was drafted.

    A locking read: a run or review that has just ended counts, although our snapshot may be older.
    """
    table = frappe.qb.DocType("Red Card")
    rows = (
        frappe.qb.from_(table)
        .select(table.lease, table.status, table.settled_at, table.drafted_at)
        .where(table.market == market)
        .orderby(table.drafted_at)
        .for_update()
        .run(as_dict=True)
    )
    carded = {row.lease for row in rows if row.status in rules.OPEN}
    decided = {
        row.lease: as_datetime(row.drafted_at).date()
        for row in rows
        if row.status == rules.REJECTED and not row.settled_at
    }
    return carded, decided
