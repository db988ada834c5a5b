"""Staff methods, re-exported so that each resolves as `market_mgmt.api.staff.…`."""

from market_mgmt.api.staff.charges import (
    close_month,
    confirm_readings,
    create_fee,
    generate_bills,
    late_fee_derivation,
    publish_bills,
    reverse_bill,
    review_bills,
    void_reading,
)
from market_mgmt.api.staff.corrections import (
    cancel_refund,
    pay_refund,
    refund_state,
    request_refund,
    request_waiver,
    review_refund,
    review_waiver,
)
from market_mgmt.api.staff.counter import (
    close_session,
    collect,
    open_session,
    reverse_payment,
    take_deposit,
)
from market_mgmt.api.staff.dunning import review_red_card, run_dunning
from market_mgmt.api.staff.imports import (
    export_report,
    import_arrears,
    import_merchants,
    import_progress,
    import_readings,
    reading_template,
    receipt_pdf,
)
from market_mgmt.api.staff.leases import read_at_handover, renew_lease, settle_deposit, terminate_lease
from market_mgmt.api.staff.reconciliation import reconcile_day, resolve_difference

__all__ = [
    "cancel_refund",
    "close_month",
    "close_session",
    "collect",
    "confirm_readings",
    "create_fee",
    "export_report",
    "generate_bills",
    "import_arrears",
    "import_merchants",
    "import_progress",
    "import_readings",
    "late_fee_derivation",
    "open_session",
    "pay_refund",
    "publish_bills",
    "read_at_handover",
    "reading_template",
    "receipt_pdf",
    "reconcile_day",
    "refund_state",
    "renew_lease",
    "request_refund",
    "request_waiver",
    "resolve_difference",
    "reverse_bill",
    "reverse_payment",
    "review_bills",
    "review_red_card",
    "review_refund",
    "review_waiver",
    "run_dunning",
    "settle_deposit",
    "take_deposit",
    "terminate_lease",
    "void_reading",
]
