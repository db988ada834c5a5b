from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from market_mgmt.domain.lots import Lots

D = Decimal


@dataclass(frozen=True)
class Entry:
    name: str
    entry_type: str
    debit_account: str
    credit_account: str
    amount: Decimal
    payment_order: str | None = None
    lease: str | None = None
    reversal_of: str | None = None
    counted_from: date = date(2026, 11, 1)


def paid(name, amount, day=1):
    return Entry(
        f"in-{name}", "Payment", "Cash", "Prepaid", D(amount), name, counted_from=date(2026, 11, day)
    )


def used(name, amount, order=None):
    return Entry(name, "Allocation", "Prepaid", "Receivable", D(amount), order)


def set_aside(name, lease, amount, order=None):
    return Entry(name, "Deposit", "Prepaid", "Deposit Held", D(amount), order, lease)


def released(name, lease, amount):
    return Entry(name, "Deposit Release", "Deposit Held", "Prepaid", D(amount), lease=lease)


def taken_back(entry, amount, order=None, day=1):
    pair = (entry.credit_account, entry.debit_account)
    name, when = f"-{entry.name}", date(2026, 11, day)
    return Entry(
        name, "Reversal", *pair, D(amount), entry.payment_order or order, entry.lease, entry.name, when
    )


def where(lots, order):
    """(what is free, what holds how much) of a payment."""
    return lots.free(order), {entry.name: part for entry, part in lots.uses(order)}


def test_a_payment_pays_its_own_fees_and_the_oldest_money_of_the_balance_the_next():
    lots = Lots(
        [
            paid("P1", "100.00"),
            used("A", "60.00", "P1"),
            paid("P2", "50.00"),
            used("B", "20.00", "P2"),
            used("C", "55.00"),
        ]
    )
    assert where(lots, "P1") == (D("0.00"), {"A": D("60.00"), "C": D("40.00")})
    assert where(lots, "P2") == (D("15.00"), {"B": D("20.00"), "C": D("15.00")})


def test_money_that_comes_back_is_that_of_its_payment_again():
    bill = used("C", "55.00")
    lots = Lots([paid("P1", "40.00"), paid("P2", "50.00", 3), bill, taken_back(bill, "55.00", day=5)])
    assert where(lots, "P1") == (D("40.00"), {})
    assert where(lots, "P2") == (D("50.00"), {})
    # it has lain there since then
    assert lots.others_free_since("P1") == date(2026, 11, 5)


def test_what_is_taken_back_on_account_of_a_payment_is_its_part():
    bill = used("C", "55.00")
    lots = Lots([paid("P1", "40.00"), paid("P2", "50.00"), bill, taken_back(bill, "40.00", "P1")])
    assert where(lots, "P1") == (D("40.00"), {})
    assert where(lots, "P2") == (D("35.00"), {"C": D("15.00")})


def test_a_payment_taken_back_leaves_the_others():
    payment = paid("P1", "40.00")
    lots = Lots([payment, paid("P2", "50.00", 2), taken_back(payment, "40.00")])
    assert where(lots, "P1") == (D("0.00"), {})
    assert where(lots, "P2") == (D("50.00"), {})
    assert lots.others_free_since("P1") == date(2026, 11, 2)
    assert lots.others_free_since("P2") is None


def test_a_deposit_is_followed_to_the_lease_it_moved_to_and_to_the_arrears_it_paid():
    lots = Lots(
        [
            paid("P1", "10.00"),
            paid("D1", "80.00"),
            set_aside("held", "L1", "80.00", "D1"),
            released("out", "L1", "80.00"),
            set_aside("moved", "L2", "80.00"),
            released("settled", "L2", "80.00"),
            used("arrears", "30.00"),
        ]
    )
    # the balance of P1 is older, so it pays first
    assert where(lots, "P1") == (D("0.00"), {"arrears": D("10.00")})
    assert where(lots, "D1") == (D("60.00"), {"arrears": D("20.00")})


def test_a_deposit_from_before_the_system_is_money_of_its_own():
    lots = Lots([released("out", "L1", "80.00"), used("A", "30.00")])
    assert where(lots, "out") == (D("50.00"), {"A": D("30.00")})


def test_an_opening_balance_that_was_corrected_is_held_by_nothing():
    opening = Entry("open", "Opening", "Opening Balance", "Prepaid", D("80.00"), lease="L1")
    lots = Lots([paid("P1", "10.00"), opening, taken_back(opening, "30.00"), used("A", "40.00")])
    assert where(lots, "P1") == (D("0.00"), {"A": D("10.00")})
    assert where(lots, "open") == (D("20.00"), {"A": D("30.00")})


def test_a_refund_takes_the_money_of_the_payment_that_it_knows():
    hold = Entry("hold", "Refund Hold", "Prepaid", "Refund Payable", D("30.00"))
    lots = Lots([paid("P1", "40.00"), paid("P2", "50.00"), hold], {"hold": "P2"})
    assert where(lots, "P1") == (D("40.00"), {})
    assert where(lots, "P2") == (D("20.00"), {"hold": D("30.00")})
