"""What this runtime itself hooks into: who may read files, what attaches them, and what it clears once a day."""

app_name = "frappe"

has_permission = {
    "File": "frappe.core.doctype.file.file.has_permission",
    "ToDo": "frappe.desk.doctype.todo.todo.has_permission",
}
permission_query_conditions = {
    "File": "frappe.core.doctype.file.file.get_permission_query_conditions",
    "ToDo": "frappe.desk.doctype.todo.todo.get_permission_query_conditions",
}
doc_events = {"*": {"on_update": "frappe.core.doctype.file.utils.attach_files_to_document"}}
scheduler_events = {
    "daily": [
        "frappe.sessions.clear_expired_sessions",
        "frappe.core.doctype.scheduled_job_type.scheduled_job_type.clear_old_logs",
    ]
}
