from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_mgmt.domain.late_fee import Terms, check_rule, derive, owed

D = Decimal
DUE = date(2026, 11, 8)
FROM = date(2026, 11, 9)
TERMS = Terms(late_fee_from=FROM, daily_rate=D("0.0005"), cap_share=D("0.20"))
PRINCIPAL = D("1000.00")  # half a yuan a day


def november(day: int) -> date:
    return date(2026, 11, day)


def test_nothing_accrues_up_to_and_on_the_due_date():
    assert owed(TERMS, PRINCIPAL, [], DUE) == 0


def test_the_day_after_the_due_date_is_the_first_that_accrues():
    assert owed(TERMS, PRINCIPAL, [], FROM) == D("0.50")


def test_the_day_of_payment_counts_and_the_day_after_does_not():
    # given the whole principal paid on the 11th
    paid = [(november(11), PRINCIPAL)]
    # then the 9th, 10th and 11th accrue
    assert owed(TERMS, PRINCIPAL, paid, november(11)) == D("1.50")
    assert owed(TERMS, PRINCIPAL, paid, november(12)) == D("1.50")


def test_paid_on_the_due_date_owes_nothing_ever():
    assert owed(TERMS, PRINCIPAL, [(DUE, PRINCIPAL)], date(2027, 12, 31)) == 0


def test_paying_the_principal_does_not_make_an_accrued_late_fee_vanish():
    assert owed(TERMS, PRINCIPAL, [(november(18), PRINCIPAL)], date(2027, 6, 1)) == D("5.00")


def test_a_partial_payment_lowers_the_days_after_it():
    # given 600 paid on the 10th: two days on 1000, then days on 400
    derivation = derive(TERMS, PRINCIPAL, [(november(10), D("600.00"))], november(15))
    # then 2 × 0.50 + 5 × 0.20
    assert derivation.amount == D("2.00")
    assert derivation.lines() == [
        "2026-11-09 – 2026-11-10: 1000.00 × 0.0005 × 2 = 1.00",
        "2026-11-11 – 2026-11-15: 400.00 × 0.0005 × 5 = 1.00",
    ]


def test_a_payment_before_it_starts_only_lowers_the_principal():
    assert owed(TERMS, PRINCIPAL, [(november(3), D("500.00"))], november(10)) == D("0.50")


def test_the_cap_is_a_share_of_the_original_principal():
    # given half of it paid at once, the cap is still 20 % of 1000
    derivation = derive(TERMS, PRINCIPAL, [(november(9), D("500.00"))], date(2030, 1, 1))
    assert derivation.amount == D("200.00")
    assert derivation.capped
    assert derivation.lines()[-1] == "≤ 200.00"


def test_the_steps_add_up_to_what_is_owed_also_at_the_cap():
    derivation = derive(TERMS, PRINCIPAL, [(november(9), D("333.33"))], date(2030, 1, 1))
    assert sum(amount for _span, amount in derivation.steps()) == derivation.amount == D("200.00")


def test_the_lifetime_sum_is_rounded_once():
    # given 0.0333 a day, which day by day would round to 0.03 each
    terms = Terms(FROM, D("0.0005"), D("0.20"))
    assert owed(terms, D("66.60"), [], november(9)) == D("0.03")
    assert owed(terms, D("66.60"), [], november(18)) == D("0.33")


def test_half_a_cent_rounds_up():
    assert owed(TERMS, D("10.00"), [], FROM) == D("0.01")  # 0.005


def test_two_payments_on_one_day():
    paid = [(november(10), D("300.00")), (november(10), D("300.00"))]
    assert owed(TERMS, PRINCIPAL, paid, november(11)) == D("1.20")


def test_a_payment_taken_back_accrues_again_from_the_day_after():
    # given paid on the 9th and taken back on the 12th: the 9th accrues, then from the 13th on
    moves = [(november(12), -PRINCIPAL), (november(9), PRINCIPAL)]
    assert owed(TERMS, PRINCIPAL, moves, november(14)) == D("1.50")


def test_a_rule_outside_the_allowed_rates_is_refused():
    check_rule(D("0.0005"), D("0.20"), 7)
    check_rule(D("0.005"), D("1"), 0)
    for rate, cap, days in (
        ("0.0004", "0.2", 7),
        ("0.0051", "0.2", 7),
        ("0.001", "0", 7),
        ("0.001", "1.1", 7),
    ):
        with pytest.raises(ValueError):
            check_rule(D(rate), D(cap), days)
    with pytest.raises(ValueError, match="negative"):
        check_rule(D("0.001"), D("0.2"), -1)


# --- the rule restated day by day, as a judge of the spans ---


@st.composite
def histories(draw):
    principal = draw(st.decimals(D("0.01"), D("100000"), places=2))
    rest, reductions = principal, []
    for _ in range(draw(st.integers(0, 5))):
        part = draw(st.decimals(D("0.01"), rest, places=2)) if rest > 0 else D(0)
        reductions.append((FROM + timedelta(days=draw(st.integers(-15, 60))), part))
        rest -= part
    terms = Terms(
        FROM,
        draw(st.decimals(D("0.0005"), D("0.005"), places=4)),
        draw(st.sampled_from([D("0.05"), D("0.2")])),
    )
    return terms, principal, reductions


def day_by_day(terms, principal, reductions, as_of):
    total, day = D(0), terms.late_fee_from
    while day <= as_of:
        unpaid = principal - sum((amount for when, amount in reductions if when < day), D(0))
        total += unpaid * terms.daily_rate
        day += timedelta(days=1)
    return min(terms.cap_share * principal, total).quantize(D("0.01"), ROUND_HALF_UP)


@given(histories(), st.integers(-5, 80))
def test_spans_give_what_the_rule_says_day_by_day(history, offset):
    terms, principal, reductions = history
    as_of = FROM + timedelta(days=offset)
    assert owed(terms, principal, reductions, as_of) == day_by_day(terms, principal, reductions, as_of)


@given(histories(), st.integers(0, 80), st.integers(0, 30))
def test_what_is_owed_never_shrinks_as_days_pass(history, offset, later):
    terms, principal, reductions = history
    as_of = FROM + timedelta(days=offset)
    then = as_of + timedelta(days=later)
    assert owed(terms, principal, reductions, as_of) <= owed(terms, principal, reductions, then)


@given(histories(), st.integers(0, 400))
def test_what_is_owed_never_exceeds_the_cap(history, offset):
    terms, principal, reductions = history
    cap = (terms.cap_share * principal).quantize(D("0.01"), ROUND_HALF_UP)
    assert owed(terms, principal, reductions, FROM + timedelta(days=offset)) <= cap


@given(histories(), st.integers(0, 60), st.integers(1, 30))
def test_a_payment_never_changes_the_past(history, offset, amount):
    terms, principal, reductions = history
    as_of = FROM + timedelta(days=offset)
    later = [*reductions, (as_of, D(amount))]
    assert owed(terms, principal, later, as_of) == owed(terms, principal, reductions, as_of)
