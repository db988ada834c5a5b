"""Kinds of fields, and the columns that the tables of all DocTypes have."""

from __future__ import annotations

table_fields = ("Table", "Table MultiSelect")
display_fieldtypes = ("Section Break", "Column Break", "Tab Break", "Heading", "HTML", "Button", "Image")
no_value_fields = (*display_fieldtypes, *table_fields)
float_like_fields = ("Currency", "Float", "Percent")
default_fields = ("doctype", "name", "owner", "creation", "modified", "modified_by", "docstatus", "idx")
child_table_fields = ("parent", "parentfield", "parenttype")
optional_fields = ("_user_tags", "_comments", "_assign", "_liked_by")
# Their metadata come from the files of this runtime: they are needed to read any other metadata.
META_DOCTYPES = ("DocType", "DocField", "DocPerm", "Custom Field", "Property Setter", "Custom DocPerm")
# What is derived from these, metadata and rights, is forgotten when one of them changes.
DEFINING_DOCTYPES = frozenset((*META_DOCTYPES, "Workflow", "Role", "User", "User Permission"))
