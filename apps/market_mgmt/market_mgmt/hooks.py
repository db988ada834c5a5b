"""Hooks of market_mgmt: they only name methods."""

from market_mgmt import own_doctypes as _own_doctypes

app_name = "market_mgmt"
app_title = "菜市场管理"
app_publisher = "Market Bench"
app_description = "Wet-market management: places, charges, dunning"
app_email = "market@example.com"
app_license = "MIT"

# With an owner in front, Frappe takes the name as it stands and does not look it up online.
required_apps = ["market-bench/cn_connect"]

before_install = "market_mgmt.setup.install.before_install"
after_install = "market_mgmt.setup.install.after_install"
after_migrate = ["market_mgmt.setup.install.after_migrate"]

scheduler_events = {
    "cron": {
        "* * * * *": [
            "market_mgmt.tasks.sweep_payments",
            "market_mgmt.tasks.sweep_refunds",
            "market_mgmt.tasks.sweep_red_cards",
        ],
        "10 * * * *": ["market_mgmt.tasks.run_dunning"],
        "5 0 * * *": ["market_mgmt.tasks.end_leases"],
        "30 0 * * *": ["market_mgmt.tasks.draft_bills"],
        "20 10-23 * * *": ["market_mgmt.tasks.reconcile_payments"],
        "40 10 3 * *": ["market_mgmt.tasks.check_fee_rates"],
        "15 0 1 * *": ["market_mgmt.tasks.accrue_late_fees"],
        "45 0 * * *": ["market_mgmt.tasks.recognise_income"],
        "30 2 * * *": ["market_mgmt.tasks.check_ledgers"],
    },
}

# cn_connect hands every verified payment notification to this.
wechat_pay_transaction = ["market_mgmt.services.payments.on_transaction"]
wechat_pay_refund = ["market_mgmt.services.wechat_refunds.on_refund"]

# What has happened to a sealed document since, for everybody who verifies it.
sealed_document_note = ["market_mgmt.services.refunded.note"]

# Each gets market and month, and returns the reasons why the month cannot be closed yet.
before_month_close = [
    "market_mgmt.services.cashiers.open_matters",
    "market_mgmt.services.reconciliation.open_matters",
]

# cn_connect calls this whenever the state of an outbox message changes.
outbox_state_changed = ["market_mgmt.services.dunning.outbox_state_changed"]

# Re-encrypted when the SM4 key is rotated; shown in full, with a reason and a log, to these roles only.
sm4_fields = ["Merchant.phone", "Merchant.id_number", "Market Staff.phone"]
unmask_roles = {
    "Merchant.phone": ["Market Area Manager", "Market Supervisor", "Market Administrator"],
    "Merchant.id_number": ["Market Supervisor", "Market Administrator"],
    "Market Staff.phone": ["Market Supervisor", "Market Administrator"],
}

# Who sees and changes which document: by DocType, derived from the definitions.
permission_query_conditions = {
    **dict.fromkeys(_own_doctypes.of_a_market(), "market_mgmt.permissions.query_conditions"),
    **dict.fromkeys(_own_doctypes.shared_records(), "market_mgmt.permissions.unlimited_conditions"),
}
has_permission = {
    **dict.fromkeys(_own_doctypes.of_a_market(), "market_mgmt.permissions.has_permission"),
    **dict.fromkeys(_own_doctypes.shared_settings(), "market_mgmt.permissions.shared_setting"),
    **dict.fromkeys(_own_doctypes.shared_records(), "market_mgmt.permissions.shared_record"),
}

_RULES = {
    event: f"market_mgmt.document_rules.{event}" for event in ("before_insert", "before_validate", "validate")
}
_NEVER_ALONE = dict.fromkeys(
    ("before_insert", "before_validate", "on_trash"), "market_mgmt.document_rules.row_alone"
)
doc_events = {
    **dict.fromkeys((*_own_doctypes.of_a_market(), *_own_doctypes.shared_settings()), _RULES),
    **dict.fromkeys(_own_doctypes.tables(), _NEVER_ALONE),
    # Nothing hangs on the ledger that would write into it.
    **{
        doctype: {"before_insert": "market_mgmt.annotations.before_insert"} for doctype in ("Comment", "ToDo")
    },
    "User": {"before_validate": "market_mgmt.demo.accounts.refuse_new_password"},
}
on_login = ["market_mgmt.demo.accounts.refuse_known_password"]
override_whitelisted_methods = {
    "frappe.desk.doctype.tag.tag.add_tag": "market_mgmt.annotations.add_tag",
    "frappe.desk.doctype.tag.tag.add_tags": "market_mgmt.annotations.add_tags",
    "frappe.desk.like.toggle_like": "market_mgmt.annotations.toggle_like",
}

# Modules with API methods, for the API reference.
api_modules = [f"market_mgmt.api.{name}" for name in ("public", "auth", "merchant", "staff")]

home_page = "market"
pages_without_inline_code = ["", "market", "api-reference"]

# What `bench start` calls for a site that bench-config.json marks as a demo.
bench_prepare = ["market_mgmt.demo.load.prepare"]
bench_banner = ["market_mgmt.demo.load.banner"]
