app_name = "cn_connect"
app_title = "CN Connect"
app_publisher = "Market Systems"
app_description = "Connectors for Chinese services: WeChat, SMS, voice, SM4 fields, sealed documents"
app_email = "dev@example.cn"
app_license = "MIT"

after_install = ["cn_connect.crypto.keys.create_keys", "cn_connect.pdf_signature.ensure_key"]
after_migrate = ["cn_connect.pdf_signature.ensure_key"]

scheduler_events = {
    "cron": {"* * * * *": ["cn_connect.outbox.deliver_job"]},
    "daily": ["cn_connect.idempotency.forget_old"],
}

before_request = ["cn_connect.client_address.before_request", "cn_connect.browsers.before_request"]
after_request = [
    "cn_connect.browsers.after_request",
    "cn_connect.sign_in.after_request",
    "cn_connect.access.files.harden",
]
# Their scripts and styles are files, so that a strict Content-Security-Policy fits; apps add their own.
pages_without_inline_code = ["verify"]

# Re-encrypted by `bench rotate-sm4-key`; apps add theirs in their own hooks.
sm4_fields = ["Outbox Message.recipient"]

# Modules with API methods, for the API reference.
api_modules = ["cn_connect.api.wechat_pay", "cn_connect.api.sms"]

# Every request passes the same doors (see cn_connect.access): once it is known who asks, and when documents are written.
auth_hooks = ["cn_connect.access.doors.check"]
override_whitelisted_methods = {
    f"frappe.client.{name}": f"cn_connect.access.client.{name}"
    for name in ("get", "get_count", "has_permission")
}
doc_events = {
    "*": {
        event: ["cn_connect.access.documents.check_written", "cn_connect.access.files.check_attached"]
        for event in ("before_save", "before_submit", "before_cancel", "before_update_after_submit")
    },
    "File": {
        "before_insert": "cn_connect.access.files.check_quota",
        "before_save": "cn_connect.access.files.check_written",
    },
}
