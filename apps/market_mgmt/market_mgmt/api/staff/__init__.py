"""Staff methods, re-exported so that each resolves as `market_mgmt.api.staff.…`."""

from market_mgmt.api.staff.charges import (
    close_month,
    collect,
    confirm_readings,
    create_fee,
    generate_bills,
    publish_bills,
    read_at_handover,
    reverse_bill,
    reverse_payment,
    void_reading,
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

__all__ = [
    "close_month",
    "collect",
    "confirm_readings",
    "create_fee",
    "export_report",
    "generate_bills",
    "import_arrears",
    "import_merchants",
    "import_progress",
    "import_readings",
    "publish_bills",
    "read_at_handover",
    "reading_template",
    "receipt_pdf",
    "reverse_bill",
    "reverse_payment",
    "review_red_card",
    "run_dunning",
    "void_reading",
]
