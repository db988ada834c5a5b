"""Field types and standard columns, and what else the model layer shares."""

from __future__ import annotations

data_fieldtypes = (
    "Currency",
    "Int",
    "Long Int",
    "Float",
    "Percent",
    "Check",
    "Small Text",
    "Long Text",
    "Code",
    "Text Editor",
    "Markdown Editor",
    "HTML Editor",
    "Date",
    "Datetime",
    "Time",
    "Text",
    "Data",
    "Link",
    "Dynamic Link",
    "Password",
    "Select",
    "Rating",
    "Read Only",
    "Attach",
    "Attach Image",
    "Signature",
    "Color",
    "Barcode",
    "Geolocation",
    "Duration",
    "Icon",
    "Phone",
    "Autocomplete",
    "JSON",
)
float_like_fields = {"Float", "Currency", "Percent"}
datetime_fields = {"Datetime", "Date", "Time"}
attachment_fieldtypes = ("Attach", "Attach Image")
no_value_fields = (
    "Section Break",
    "Column Break",
    "Tab Break",
    "HTML",
    "Table",
    "Table MultiSelect",
    "Button",
    "Image",
    "Fold",
    "Heading",
)
display_fieldtypes = (
    "Section Break",
    "Column Break",
    "Tab Break",
    "HTML",
    "Button",
    "Image",
    "Fold",
    "Heading",
)
numeric_fieldtypes = ("Currency", "Int", "Long Int", "Float", "Percent", "Check")
default_fields = ("doctype", "name", "owner", "creation", "modified", "modified_by", "docstatus", "idx")
child_table_fields = ("parent", "parentfield", "parenttype")
optional_fields = ("_user_tags", "_comments", "_assign", "_liked_by", "_seen")
table_fields = ("Table", "Table MultiSelect")
core_doctypes_for_permissions = ("DocPerm", "Custom DocPerm", "DocField", "DocType", "Has Role")
log_types = ("Version", "Error Log", "Scheduled Job Log", "Activity Log", "Access Log", "Comment", "View Log")
std_fields = [
    {"fieldname": "name", "fieldtype": "Link", "label": "ID"},
    {"fieldname": "owner", "fieldtype": "Link", "label": "Created By", "options": "User"},
    {"fieldname": "idx", "fieldtype": "Int", "label": "Index"},
    {"fieldname": "creation", "fieldtype": "Datetime", "label": "Created On"},
    {"fieldname": "modified", "fieldtype": "Datetime", "label": "Last Updated On"},
    {"fieldname": "modified_by", "fieldtype": "Link", "label": "Last Updated By", "options": "User"},
    {"fieldname": "_user_tags", "fieldtype": "Data", "label": "Tags"},
    {"fieldname": "_liked_by", "fieldtype": "Data", "label": "Liked By"},
    {"fieldname": "_comments", "fieldtype": "Text", "label": "Comments"},
    {"fieldname": "_assign", "fieldtype": "Text", "label": "Assigned To"},
    {"fieldname": "docstatus", "fieldtype": "Int", "label": "Document Status"},
]
# Their metadata come from the files of this runtime: they are needed to read any other metadata.
META_DOCTYPES = (
    "DocType",
    "DocField",
    "DocPerm",
    "DocType Action",
    "DocType Link",
    "DocType State",
    "Custom Field",
    "Property Setter",
    "Custom DocPerm",
)
