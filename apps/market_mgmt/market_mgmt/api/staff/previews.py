"""What a step would undo, shown before somebody takes it: payments that are taken back, refunds that open fees."""

from decimal import Decimal

from cn_connect import clock
from cn_connect.api_method import api_method
from frappe import _
from market_mgmt.api import answers
from market_mgmt.api.staff.common import ADMINISTRATOR, CASHIER, FINANCE, SUPERVISOR, cents, own
from market_mgmt.services import counter, labels, refunds, taking_back


@api_method(methods=["GET", "POST"], roles=[SUPERVISOR, FINANCE])
def preview_reversal(payment_order: str) -> answers.TakenBack:
    """What `reverse_payment` would open again: the fees that the payment paid, and what its rest or deposit paid later."""
    own("Market Payment Order", [payment_order])
    return _shown(counter.preview_reversal(payment_order, clock.now()))


@api_method(methods=["GET", "POST"], roles=[FINANCE, CASHIER, SUPERVISOR, ADMINISTRATOR])
def preview_refund(payment_order: str, amount: Decimal) -> answers.TakenBack:
    """Which fees a refund with `reopen_fees` would open when it is approved, the one that was paid last first."""
    own("Market Payment Order", [payment_order])
    return _shown(refunds.preview(payment_order, cents(amount), clock.now()))


def _shown(plan: taking_back.Plan) -> answers.TakenBack:
    return {
        "fees": [
            {
                "fee": one.fee.name,
                "stall_no": labels.stall(one.fee.stall),
                "fee_type": one.fee.fee_type,
                "fee_type_label": _(one.fee.fee_type),
                "period": one.fee.period,
                "taken_off": one.taken_off,
                "principal": one.fee.principal,
                "late_fee": one.fee.late_fee,
            }
            for one in taking_back.reopened(plan, clock.today())
        ],
        "deposits": [{"lease": lease, "amount": amount} for lease, amount in sorted(plan.deposits().items())],
        "balance": plan.unused,
        "refunded": plan.gone,
    }
