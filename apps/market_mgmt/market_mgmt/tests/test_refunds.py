"""Scenarios: money goes back, by WeChat or by the office; it is held while it is under way and never spent twice."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from cn_connect.errors import GatewayRefused, GatewayUnavailable
from cn_connect.wechat.pay_messages import Refund
from market_mgmt.services import billing, cashiers, ledger, payments, red_cards, refunds, wechat_refunds
from market_mgmt.tests import factories

D = Decimal
NOW = datetime(2026, 11, 5, 10)
FINANCE, SUPERVISOR = "Administrator", "Guest"


class WeChat:
    """Refunds as WeChat Pay keeps them."""

    def __init__(self):
        self.refunds: dict[str, Refund] = {}
        self.failure: Exception | None = None
        self.answers_with = "PROCESSING"

    def create_refund(self, out_refund_no, out_trade_no, amount, total, reason=None, sub_mchid=None):
        if self.failure:
            raise self.failure
        return self.refunds.setdefault(
            out_refund_no, said(out_refund_no, out_trade_no, amount, self.answers_with)
        )

    def query_refund_state(self, out_refund_no, sub_mchid=None):
        if self.failure:
            raise self.failure
        return self.refunds.get(out_refund_no)


def said(name, order, amount, status, **more):
    return Refund(name, f"5030{name[-8:]}", order, "4200", status, amount, NOW, **more)


@pytest.fixture
def wechat(site):
    gateway = WeChat()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(site.db, "commit", lambda *_: None)
        patched.setattr(wechat_refunds, "pay_client", lambda mchid: gateway)
        yield gateway


@pytest.fixture
def shop(site, wechat):
    return factories.shop(rent="1000.00")


@pytest.fixture
def order(shop, rent):
    """1000.00 paid by WeChat for the rent."""
    name = factories.order(shop, [rent], NOW)
    payments.settle(factories.transaction(name, NOW), NOW)
    return name


def ask(shop, amount="1000.00", channel="WeChat", order=None, reopen=False, now=NOW):
    return refunds.request(shop.merchant, D(amount), channel, "多收", FINANCE, now, order, reopen)


def approved(shop, **values):
    name = ask(shop, **values)
    refunds.review(name, True, None, SUPERVISOR, NOW)
    return name


def held(shop):
    return ledger.prepaid_balance(shop.merchant)


def state(site, name):
    return site.db.get_value("Refund", name, "status")


@pytest.fixture
def no_others(site):
    """No refund of another test waits for WeChat."""
    site.db.set_value("Refund", {"status": ["in", ("Approved", "Processing")]}, "status", "Failed")


class TestByWeChat:
    def test_a_wrong_bill_is_reversed_and_its_payment_goes_back(self, site, wechat, shop, rent, order):
        # given the bill reversed: its money is balance
        billing.reverse(rent, "租金录入错误", NOW)
        name = approved(shop, order=order)
        assert held(shop) == 0
        # when it is sent, and WeChat tells that it is done
        assert wechat_refunds.send(name, NOW) == "Processing"
        done = said(name, order, D("1000.00"), "SUCCESS")
        assert [wechat_refunds.take_in(done, NOW) for _ in range(2)] == ["Succeeded"] * 2
        # then the money has left, once, and no receipt stands for it
        assert (held(shop), state(site, name)) == (0, "Succeeded")
        assert site.db.get_value("Receipt", {"payment_order": order}, "status") == "Void"
        assert ledger.check(shop.market) == []

    def test_a_payment_that_reopens_its_fees_leaves_them_owed(self, site, wechat, shop, rent, order):
        name = approved(shop, amount="400.00", order=order, reopen=True)
        # 600 of it stays on the rent
        assert ledger.fee_balance(rent)[0] == D("400.00")
        assert held(shop) == 0
        wechat.answers_with = "SUCCESS"
        assert wechat_refunds.send(name, NOW) == "Succeeded"
        assert site.db.get_value("Receipt", {"payment_order": order}, "status") == "Issued"
        assert ledger.check(shop.market) == []

    def test_a_payment_reopens_its_fees_part_by_part(self, site, wechat, shop, rent, order):
        # given a part that went back, after which the rest pays the rent as balance
        wechat.answers_with = "SUCCESS"
        wechat_refunds.send(approved(shop, amount="400.00", order=order, reopen=True), NOW)
        # when another part goes back
        later = NOW + timedelta(minutes=2)
        wechat_refunds.send(approved(shop, amount="250.00", order=order, reopen=True), later)
        # then both are owed again, and nothing else
        assert ledger.fee_balance(rent)[0] == D("650.00")
        assert held(shop) == 0
        assert ledger.check(shop.market) == []

    def test_a_refund_that_is_closed_becomes_balance_again(self, site, wechat, shop, rent, order):
        billing.reverse(rent, "错账", NOW)
        name = approved(shop, order=order)
        wechat_refunds.send(name, NOW)
        assert wechat_refunds.take_in(said(name, order, D("1000.00"), "CLOSED"), NOW) == "Failed"
        assert held(shop) == D("1000.00")
        assert ledger.check(shop.market) == []

    def test_a_refund_that_is_closed_lifts_the_red_card_of_the_fee_it_had_reopened(
        self, site, wechat, shop, rent, order
    ):
        # given 400.00 going back, a week overdue since, and the late fee of 16 November paid
        name = approved(shop, amount="400.00", order=order, reopen=True)
        wechat_refunds.send(name, NOW)
        monday = datetime(2026, 11, 16, 9)
        factories.collect(shop.merchant, [rent], "Cash", D("1.60"), FINANCE, monday)
        [card] = red_cards.draft_due(shop.market, monday)
        red_cards.review(card, True, None, SUPERVISOR, monday)
        # when WeChat closes the refund on the same day
        wechat_refunds.take_in(said(name, order, D("400.00"), "CLOSED"), monday + timedelta(hours=1))
        # then the balance pays the rent, and the card is lifted at that moment
        assert site.db.get_value("Fee", rent, "status") == "Paid"
        lifted = site.db.get_value("Red Card", card, ["status", "lifted_at"])
        assert lifted == ("Lifted", monday + timedelta(hours=1))

    def test_an_abnormal_refund_stays_under_way_and_raises_an_alarm(self, site, wechat, shop, rent, order):
        billing.reverse(rent, "错账", NOW)
        name = approved(shop, order=order)
        wechat_refunds.send(name, NOW)
        before = site.db.count("Error Log")
        for _ in range(2):
            assert wechat_refunds.take_in(said(name, order, D("1000.00"), "ABNORMAL"), NOW) == "Processing"
        assert site.db.count("Error Log") == before + 1
        assert wechat_refunds.take_in(said(name, order, D("1000.00"), "SUCCESS"), NOW) == "Succeeded"

    @pytest.mark.usefixtures("no_others")
    def test_the_sweeper_sends_and_asks_until_it_is_done(self, site, wechat, shop, rent, order):
        billing.reverse(rent, "错账", NOW)
        name = approved(shop, order=order)
        wechat.failure = GatewayUnavailable("timeout")
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(site.db, "rollback", lambda *_: None)  # or nothing of this test were left
            assert wechat_refunds.sweep(NOW) == {"error": 1}
        wechat.failure = None
        assert wechat_refunds.sweep(NOW) == {"Processing": 1}
        wechat.refunds[name] = said(name, order, D("1000.00"), "SUCCESS")
        assert wechat_refunds.sweep(NOW) == {"Succeeded": 1}
        assert wechat_refunds.sweep(NOW) == {}

    @pytest.mark.parametrize("code", ["NOT_ENOUGH", "NO_AUTH", "SIGN_ERROR"])
    def test_what_somebody_can_mend_waits_and_is_told_once(self, site, wechat, shop, rent, order, code):
        billing.reverse(rent, "错账", NOW)
        name = approved(shop, order=order)
        wechat.failure = GatewayRefused(code, "请先充值或授权")
        before = site.db.count("Error Log")
        assert [wechat_refunds.send(name, NOW) for _ in range(3)] == ["Approved"] * 3
        assert site.db.count("Error Log") == before + 1
        wechat.failure = None
        assert wechat_refunds.send(name, NOW) == "Processing"
        assert not site.db.get_value("Refund", name, "error")

    def test_what_wechat_does_not_take_can_be_given_up(self, site, wechat, shop, rent, order):
        billing.reverse(rent, "错账", NOW)
        name = approved(shop, order=order)
        assert wechat_refunds.give_up(name, "商户账户余额不足，改由转账退", NOW) == "Failed"
        assert held(shop) == D("1000.00")
        assert ledger.check(shop.market) == []

    def test_what_wechat_has_taken_in_cannot_be_given_up(self, site, wechat, shop, rent, order):
        # given a refund that WeChat took in, while its answer was lost
        billing.reverse(rent, "错账", NOW)
        name = approved(shop, order=order)
        wechat.refunds[name] = said(name, order, D("1000.00"), "PROCESSING")
        # then giving it up is refused, and its state is known from now on
        with pytest.raises(site.ValidationError):
            wechat_refunds.give_up(name, "改由转账退", NOW)
        assert (state(site, name), held(shop)) == ("Processing", 0)

    def test_money_that_comes_back_to_the_market_becomes_balance_again(self, site, wechat, shop, rent, order):
        # given a refund that the payer's bank refused
        billing.reverse(rent, "错账", NOW)
        name = approved(shop, order=order)
        wechat_refunds.send(name, NOW)
        wechat_refunds.take_in(said(name, order, D("1000.00"), "ABNORMAL"), NOW)
        assert held(shop) == 0
        # when the office has it paid to the market's own account
        back = said(name, order, D("1000.00"), "SUCCESS", received_by="商户结算银行账户")
        assert [wechat_refunds.take_in(back, NOW) for _ in range(2)] == ["Failed"] * 2
        # then the merchant has the balance again, and it can go by transfer
        assert held(shop) == D("1000.00")
        assert "商户结算银行账户" in site.db.get_value("Refund", name, "error")
        assert ledger.check(shop.market) == []

    def test_the_day_wechat_accepted_it_is_learnt_from_an_answer(self, site, wechat, shop, rent, order):
        # given a notification, which does not tell it, that came first
        billing.reverse(rent, "错账", NOW)
        name = approved(shop, order=order)
        late = NOW.replace(hour=23, minute=59, second=59)
        wechat_refunds.take_in(said(name, order, D("1000.00"), "SUCCESS"), late + timedelta(seconds=2))
        # when the answer follows
        wechat_refunds.take_in(said(name, order, D("1000.00"), "PROCESSING", accepted_at=late), late)
        # then the result stands, under the day of the bill
        assert state(site, name) == "Succeeded"
        assert site.db.get_value("Refund", name, "sent_at") == late

    @pytest.mark.usefixtures("no_others")
    def test_parts_of_a_payment_go_a_minute_apart(self, site, wechat, shop, rent, order):
        billing.reverse(rent, "错账", NOW)
        first, second = (approved(shop, amount="400.00", order=order) for _ in range(2))
        assert wechat_refunds.sweep(NOW) == {"Processing": 1, "Approved": 1}
        assert wechat_refunds.sweep(NOW + timedelta(minutes=2))["Processing"] == 2
        assert {state(site, first), state(site, second)} == {"Processing"}

    def test_a_payment_goes_back_in_fifty_parts_at_most(self, site, shop, order):
        for _ in range(50):
            ask(shop, amount="1.00", order=order)
        with pytest.raises(site.ValidationError):
            ask(shop, amount="1.00", order=order)

    def test_another_payee_s_notification_changes_nothing(self, site, wechat, shop, rent, order):
        billing.reverse(rent, "错账", NOW)
        name = approved(shop, order=order)
        wechat_refunds.send(name, NOW)
        for payee in (("1900000999", ""), (factories.MCHID, "1900000311")):
            told = said(name, order, D("1000.00"), "SUCCESS", payee=payee)
            assert wechat_refunds.take_in(told, NOW) == "Processing"
        told = said(name, order, D("1000.00"), "SUCCESS", payee=(factories.MCHID, ""))
        assert wechat_refunds.take_in(told, NOW) == "Succeeded"

    def test_what_wechat_refuses_for_good_fails(self, site, wechat, shop, rent, order):
        billing.reverse(rent, "错账", NOW)
        name = approved(shop, order=order)
        wechat.failure = GatewayRefused("INVALID_REQUEST", "订单已全额退款")
        assert wechat_refunds.send(name, NOW) == "Failed"
        assert held(shop) == D("1000.00")

    def test_an_answer_about_another_amount_or_payment_changes_nothing(self, site, wechat, shop, rent, order):
        billing.reverse(rent, "错账", NOW)
        name = approved(shop, order=order)
        for wrong in (
            said(name, order, D("999.00"), "SUCCESS"),
            said(name, "other", D("1000.00"), "SUCCESS"),
        ):
            assert wechat_refunds.take_in(wrong, NOW) == "Approved"
        assert wechat_refunds.take_in(said("nothing", order, D("1.00"), "SUCCESS"), NOW) == "unknown"

    def test_a_payment_of_more_than_a_year_ago_goes_back_another_way(self, site, shop, order):
        with pytest.raises(site.ValidationError):
            ask(shop, order=order, now=NOW + timedelta(days=366))


class TestByTheOffice:
    @pytest.fixture
    def balance(self, shop):
        factories.collect(shop.merchant, [], "Cash", D("300.00"), FINANCE, NOW)

    def test_balance_is_paid_out_in_cash_from_the_drawer(self, site, shop, balance):
        session = factories.at_counter(shop.market, FINANCE, NOW)
        name = approved(shop, amount="300.00", channel="Cash")
        assert refunds.pay_out(name, FINANCE, NOW) == "Succeeded"
        assert cashiers.expected(session)["Cash"] == D("200.00")
        assert held(shop) == 0
        assert ledger.check(shop.market) == []

    def test_a_transfer_needs_the_bank_s_number(self, site, shop, balance):
        name = approved(shop, amount="100.00", channel="Transfer")
        with pytest.raises(site.ValidationError):
            refunds.pay_out(name, FINANCE, NOW)
        assert refunds.pay_out(name, FINANCE, NOW, "20261105-0001") == "Succeeded"
        assert held(shop) == D("200.00")

    def test_what_cannot_be_paid_out_becomes_balance_again(self, site, shop, balance):
        name = approved(shop, amount="100.00", channel="Transfer")
        assert refunds.give_up(name, "户名不符", NOW) == "Failed"
        assert held(shop) == D("300.00")
        with pytest.raises(site.ValidationError):
            refunds.pay_out(name, FINANCE, NOW, "1")

    def test_a_payment_that_is_going_back_is_not_reversed_as_well(self, site, shop, balance):
        # given 300.00 taken at the counter and asked back, and another 300.00 that would cover a reversal
        taken = site.db.get_value("Market Payment Order", {"merchant": shop.merchant})
        factories.collect(shop.merchant, [], "Cash", D("300.00"), FINANCE, NOW)
        name = ask(shop, amount="300.00", channel="Cash", order=taken)
        factories.at_counter(shop.market, SUPERVISOR, NOW)
        # when the cashier's colleague takes the same payment back: refused, until nobody wants the refund any more
        with pytest.raises(site.ValidationError):
            payments.reverse(taken, "错账", SUPERVISOR, NOW)
        refunds.review(name, False, "改为冲正", SUPERVISOR, NOW)
        payments.reverse(taken, "错账", SUPERVISOR, NOW)
        assert held(shop) == D("300.00")
        assert ledger.check(shop.market) == []

    def test_a_new_bill_does_not_spend_what_is_held(self, site, shop, balance):
        approved(shop, amount="300.00", channel="Transfer")
        rent = factories.rent_bill(shop)
        assert ledger.fee_balance(rent)[0] == D("1000.00")
        assert ledger.check(shop.market) == []


class TestWhoAndHowMuch:
    def test_who_asks_does_not_approve(self, site, shop, order):
        with pytest.raises(site.PermissionError):
            refunds.review(ask(shop, order=order), True, None, FINANCE, NOW)

    def test_a_rejection_needs_a_reason_and_changes_nothing(self, site, shop, order):
        name = ask(shop, order=order)
        with pytest.raises(site.ValidationError):
            refunds.review(name, False, " ", SUPERVISOR, NOW)
        assert refunds.review(name, False, "无需退款", SUPERVISOR, NOW) == "Rejected"
        assert ledger.entries_of_voucher("Refund", name) == []

    def test_money_that_pays_fees_is_not_balance(self, site, shop, order):
        with pytest.raises(site.ValidationError):
            refunds.review(ask(shop, order=order), True, None, SUPERVISOR, NOW)

    def test_no_more_goes_back_than_came(self, site, shop, order):
        ask(shop, amount="600.00", order=order)
        with pytest.raises(site.ValidationError):
            ask(shop, amount="400.01", order=order)
        ask(shop, amount="400.00", order=order)

    def test_another_merchant_s_payment_does_not_go_back(self, site, shop, order):
        with pytest.raises(site.DoesNotExistError):
            ask(factories.shop(shop.market), order=order)

    @pytest.mark.parametrize(
        ("amount", "channel", "reopen"),
        [("0", "Cash", False), ("1.00", "WeChat", False), ("1.00", "Cash", True), ("1.00", "Alipay", False)],
    )
    def test_what_makes_no_sense_is_refused(self, site, shop, amount, channel, reopen):
        with pytest.raises(site.ValidationError):
            ask(shop, amount=amount, channel=channel, reopen=reopen)
