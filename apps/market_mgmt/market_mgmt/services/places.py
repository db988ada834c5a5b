"""Markets, areas, stalls, merchants and staff: what must hold whenever one of them is saved."""

import re
import secrets
from datetime import date, datetime

import frappe
from cn_connect.crypto.fields import seal_field
from frappe import _
from frappe.model.document import Document
from frappe.permissions import add_user_permission, remove_user_permission
from market_mgmt.domain import leases as lease_rules
from market_mgmt.permissions import markets_of
from market_mgmt.services.values import as_date

# Order numbers carry the code in front of 20 characters, and gateways take 32.
MARKET_CODE = re.compile(r"[A-Za-z0-9]{1,12}")
# A rule that holds from the beginning: opening arrears and back-dated bills need one too.
FIRST_RULE_FROM = date(2000, 1, 1)
# 24 hex digits: the scene of a mini-program code takes at most 32 characters.
_QR_BYTES = 12


def check_market(market: Document) -> None:
    """Raises ValidationError for a code that order and receipt numbers cannot carry, PermissionError for closing by hand."""
    if not MARKET_CODE.fullmatch(market.code or ""):
        frappe.throw(_("The code of a market has 1 to 12 letters and digits."))
    before = market.get_doc_before_save()
    closed = before.closed_through if before else None
    if str(market.closed_through or "") != str(closed or ""):
        frappe.throw(_("Books are closed by closing the month."), frappe.PermissionError)


def seed_market(market: Document) -> None:
    """Gives a new market the default late fee rule: from day 8 on, 0.05 % a day, at most 20 % of the principal."""
    if frappe.db.exists("Late Fee Rule", {"market": market.name}):
        return
    frappe.get_doc(
        {
            "doctype": "Late Fee Rule",
            "market": market.name,
            "start_after_days": 7,
            "daily_rate": 0.0005,
            "cap_share": 0.2,
            "effective_from": FIRST_RULE_FROM,
        }
    ).insert(ignore_permissions=True)


def check_same_market(doc: Document, *fieldnames: str) -> None:
    """Raises ValidationError when a linked document belongs to another market."""
    for fieldname in fieldnames:
        linked = doc.get(fieldname)
        if not linked:
            continue
        doctype = doc.meta.get_field(fieldname).options
        if frappe.db.get_value(doctype, linked, "market") != doc.market:
            label = _(doc.meta.get_label(fieldname))
            frappe.throw(_("{0} {1} belongs to another market.").format(label, linked))


def check_stall(stall: Document) -> None:
    """Checks the area and gives a new stall the token of its QR code."""
    check_same_market(stall, "area")
    stall.floor = frappe.db.get_value("Market Area", stall.area, "floor")
    if not stall.qr_token:
        stall.qr_token = new_qr_token()


def new_qr_token() -> str:
    """A random token in lower-case hex, because the database's collation ignores case."""
    return secrets.token_hex(_QR_BYTES)


def renew_qr_token(stall: str) -> str:
    """Replaces the token of a stall: printed codes with the old one stop working. Bindings stay."""
    token = new_qr_token()
    doc = frappe.get_doc("Stall", stall)
    doc.qr_token = token
    doc.save(ignore_permissions=True)
    return token


def refresh_rental_status(stall: str, as_of: date) -> None:
    """Brings the status of a stall in line with its leases on that day."""
    rows = frappe.get_all(
        "Lease",
        filters={"stall": stall, "status": lease_rules.ACTIVE},
        fields=["name", "start_date", "end_date"],
    )
    terms = [lease_rules.Term(row.name, as_date(row.start_date), as_date(row.end_date)) for row in rows]
    current = frappe.db.get_value("Stall", stall, "rental_status")
    status = lease_rules.rental_status(current, terms, as_of)
    if status != current:
        frappe.db.set_value("Stall", stall, "rental_status", status)


def check_merchant(merchant: Document) -> None:
    """Seals ID number and phone; a dunning block must say why."""
    seal_field(merchant, "id_number", "id_number")
    seal_field(merchant, "phone", "phone")
    if merchant.dunning_blocked and not (merchant.dunning_block_reason or "").strip():
        frappe.throw(_("A dunning block needs a reason."))


def note_phone_change(merchant: Document, by: str, now: datetime) -> None:
    """Writes down on the merchant who put another phone on file, and when: whoever has that phone can bind the stall."""
    before = merchant.get_doc_before_save()
    if before and before.phone_hash != merchant.phone_hash:
        merchant.update({"phone_changed_by": by, "phone_changed_at": now})


def check_staff(staff: Document) -> None:
    """Seals the phone; areas must be of the staff member's market."""
    seal_field(staff, "phone", "phone")
    for row in staff.areas:
        if frappe.db.get_value("Market Area", row.area, "market") != staff.market:
            frappe.throw(_("Row {0}: area {1} belongs to another market.").format(row.idx, row.area))


def grant_market(staff: Document) -> None:
    """Lets the user of a staff member see this market, and the former user no longer."""
    before = staff.get_doc_before_save()
    if before and before.user != staff.user:
        withdraw_market(before)
    if staff.user and not (before and before.user == staff.user):
        _require_same_reach(staff.user)
        add_user_permission("Market", staff.market, staff.user, ignore_permissions=True)


def withdraw_market(staff: Document) -> None:
    """Takes the market from a user unless another staff record of theirs still gives it."""
    if not staff.user:
        return
    others = {"user": staff.user, "market": staff.market, "name": ("!=", staff.name)}
    if not frappe.db.exists("Market Staff", others):
        remove_user_permission("Market", staff.market, staff.user)
        _require_same_reach(staff.user)


def _require_same_reach(user: str) -> None:
    """Whoever is limited to markets neither limits an administrator of all of them nor makes one, themselves included."""
    if markets_of(user) is None and markets_of(frappe.session.user) is not None:
        frappe.throw(
            _("{0} is an administrator of all markets; only another one may change that.").format(user),
            frappe.PermissionError,
        )
