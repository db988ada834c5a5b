from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_mgmt.domain import ledger
from market_mgmt.domain.ledger import Posting, balance

D = Decimal


def posting(entry_type: str, debit: str, credit: str, amount: str = "10.00", **more) -> Posting:
    more = {"fee": "FEE-1", "lease": "LEASE-1", **more}
    return Posting("M1", "MER-1", date(2026, 11, 1), entry_type, debit, credit, D(amount), "key", **more)


def test_a_bill_paid_partly_with_the_rest_prepaid():
    # given a charge of 100, a payment of 150, 100 of it allocated
    entries = [
        posting("Charge", "Receivable", "Income", "100.00"),
        posting("Payment", "Cash", "Prepaid", "150.00", fee=None),
        posting("Allocation", "Prepaid", "Receivable", "100.00"),
    ]
    # then nothing is outstanding and 50 is kept for the merchant
    assert balance(entries, "Receivable") == 0
    assert -balance(entries, "Prepaid") == D("50.00")
    assert balance(entries, "Cash") == D("150.00")


def test_a_reversal_swaps_the_pair_and_names_the_entry():
    charge = posting("Charge", "Receivable", "Income")
    back = posting("Reversal", "Income", "Receivable", reversal_of="abc")
    assert balance([charge, back], "Receivable") == 0


@pytest.mark.parametrize(
    ("entry_type", "debit", "credit", "amount", "more", "complaint"),
    [
        ("Charge", "Cash", "Income", "1.00", {}, "cannot debit"),
        ("Payment", "Prepaid", "Cash", "1.00", {}, "cannot debit"),
        ("Gift", "Cash", "Prepaid", "1.00", {}, "unknown"),
        ("Charge", "Receivable", "Income", "0.00", {}, "positive"),
        ("Charge", "Receivable", "Income", "-1.00", {}, "positive"),
        ("Charge", "Receivable", "Income", "1.001", {}, "whole cents"),
        ("Charge", "Receivable", "Income", "1.00", {"fee": None}, "must name a fee"),
        ("Deposit", "Prepaid", "Deposit Held", "1.00", {"lease": None}, "must name a lease"),
        ("Opening", "Opening Balance", "Prepaid", "1.00", {"lease": None}, "must name a lease"),
        ("Opening", "Cash", "Deposit Held", "1.00", {}, "cannot debit"),
        ("Charge", "Receivable", "Income", "1.00", {"reversal_of": "x"}, "reversal"),
        ("Reversal", "Income", "Receivable", "1.00", {}, "reversal"),
    ],
)
def test_what_the_ledger_does_not_admit(entry_type, debit, credit, amount, more, complaint):
    with pytest.raises(ValueError, match=complaint):
        posting(entry_type, debit, credit, amount, **more)


def test_an_entry_needs_a_key():
    with pytest.raises(ValueError, match="idempotency"):
        Posting("M1", "MER-1", date(2026, 11, 1), "Payment", "Cash", "Prepaid", D("1.00"), "")


pairs = [
    (kind, *pair) for kind, allowed in ledger.PAIRS.items() if kind != "Reversal" for pair in sorted(allowed)
]


@given(st.lists(st.tuples(st.sampled_from(pairs), st.decimals(D("0.01"), 10_000, places=2)), max_size=20))
def test_whatever_is_posted_all_accounts_add_up_to_nothing(moves):
    entries = [posting(kind, debit, credit, str(amount)) for (kind, debit, credit), amount in moves]
    accounts = {account for _, debit, credit in pairs for account in (debit, credit)}
    assert sum((balance(entries, account) for account in accounts), D(0)) == 0


def test_a_payment_known_late_lowers_the_principal_on_its_true_day():
    late = posting("Allocation", "Prepaid", "Receivable", value_date=date(2026, 10, 20))
    assert ledger.fee_account([late]).reductions == ((date(2026, 10, 20), D("10.00")),)
