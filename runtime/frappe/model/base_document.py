"""What documents and child rows share: values as attributes, child tables, conversion to dictionaries."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import frappe
from frappe.model import child_table_fields, default_fields, table_fields
from frappe.model.docstatus import DocStatus
from frappe.model.links import LinkedDocument
from frappe.model.storage import StoredDocument
from frappe.model.validation import ValidatedDocument
from frappe.types import _dict
from frappe.utils import cint, compare

# Keys of __dict__ that are no values of the document.
INTERNAL = frozenset(
    {
        "meta",
        "flags",
        "parent_doc",
        "_parent_doc",
        "_table_fieldnames",
        "_doc_before_save",
        "dont_update_if_missing",
        "_original_modified",
        "_action",
        "_reserved_keywords",
        "permitted_fieldnames",
    }
)
PRIVATE_SHOWN = ("_user_tags", "__islocal", "__onload", "_liked_by", "__run_link_triggers", "__unsaved")


def get_controller(doctype: str) -> type:
    """The class of a DocType: an app's override, else its controller, else Document."""
    front = frappe.cache.front("controllers")
    found = front.get(doctype)
    if found is None:
        found = front[doctype] = _import_controller(doctype)
    return found


def _import_controller(doctype: str) -> type:
    from frappe.model import META_DOCTYPES
    from frappe.model.document import Document
    from frappe.modules.utils import load_doctype_module

    if doctype in META_DOCTYPES:
        module, custom = ("Custom" if doctype in ("Custom Field", "Property Setter") else "Core"), 0
    else:
        row = frappe.db.sql("select module, custom from `tabDocType` where name = %s", (doctype,))
        if not row:
            raise ImportError(f"Module import failed for {doctype}, the DocType might be deleted")
        module, custom = row[0]
    if custom:
        return Document
    class_overrides = frappe.get_hooks("override_doctype_class", {})
    if class_overrides.get(doctype):
        import_path = class_overrides[doctype][-1]
        module_path, _dot, class_name = import_path.rpartition(".")
        controller = getattr(frappe.get_module(module_path), class_name, None)
        where: Any = module_path
    elif _is_plain(doctype, module):
        return Document
    else:
        where = load_doctype_module(doctype, module)
        class_name = doctype.replace(" ", "").replace("-", "")
        controller = getattr(where, class_name, None)
    if controller is None:
        raise ImportError(f"{doctype}: no class {class_name} in {where}")
    if not issubclass(controller, BaseDocument):
        raise ImportError(f"{class_name} in {where} is not a Document")
    return controller


def _is_plain(doctype: str, module: str) -> bool:
    """DocTypes of this runtime without behaviour of their own have no controller; those of apps always have one."""
    if frappe.local.module_app.get(frappe.scrub(module)) != "frappe":
        return False
    name = frappe.scrub(doctype)
    return not os.path.exists(frappe.get_module_path(module, "doctype", name, f"{name}.py"))


class BaseDocument(StoredDocument, ValidatedDocument, LinkedDocument):
    """A document or a row of a child table, not knowing the life cycle."""

    if TYPE_CHECKING:
        # A document's fields are known to its DocType, not to the type checker.
        def __getattr__(self, fieldname: str) -> Any: ...

        def __setattr__(self, fieldname: str, value: Any) -> None: ...

    def __init__(self, d: dict[str, Any]) -> None:
        if d.get("doctype"):
            self.doctype = d["doctype"]
        self.__dict__["_table_fieldnames"] = self._known_table_fieldnames(d)
        self.update(d)
        self.dont_update_if_missing: list[str] = []
        if hasattr(self, "__setup__"):
            self.__setup__()

    def _known_table_fieldnames(self, d: dict[str, Any]) -> set[str]:
        return set(self.meta._table_doctypes)

    @property
    def meta(self) -> Any:
        meta = self.__dict__.get("meta")
        if meta is None:
            meta = self.__dict__["meta"] = frappe.get_meta(self.doctype)
        return meta

    @property
    def flags(self) -> _dict:
        flags = self.__dict__.get("flags")
        if flags is None:
            flags = self.__dict__["flags"] = _dict()
        return flags

    @flags.setter
    def flags(self, value: _dict) -> None:
        self.__dict__["flags"] = value

    @property
    def parent_doc(self) -> Any:
        """The document that this row belongs to; held weakly, so that documents are freed without a collector."""
        reference = self.__dict__.get("_parent_doc")
        return reference() if reference else None

    @parent_doc.setter
    def parent_doc(self, value: Any) -> None:
        self.__dict__["_parent_doc"] = weakref.ref(value) if value is not None else None

    @property
    def docstatus(self) -> DocStatus:
        return DocStatus(cint(self.__dict__.get("docstatus")))

    @docstatus.setter
    def docstatus(self, value: Any) -> None:
        self.__dict__["docstatus"] = DocStatus(cint(value))

    def __getstate__(self) -> dict[str, Any]:
        skipped = ("meta", "_parent_doc")
        return {key: value for key, value in self.__dict__.items() if key not in skipped}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for fieldname in state.get("_table_fieldnames", ()):
            for row in state.get(fieldname) or ():
                if isinstance(row, BaseDocument):
                    row.parent_doc = self

    def __repr__(self) -> str:
        name = self.__dict__.get("name") or "unsaved"
        docstatus = f" docstatus={int(self.docstatus)}" if self.docstatus else ""
        parent = f" parent={self.parent}" if self.__dict__.get("parent") else ""
        return f"<{self.doctype}: {name}{docstatus}{parent}>"

    def __str__(self) -> str:
        return f"{type(self).__name__}({self.__dict__.get('name') or 'unsaved'})"

    # -- values ----------------------------------------------------------------------------------------------

    def update(self, d: Any) -> Any:
        """Set the values of a dictionary or of another document; `name` first, rows are told their parent."""
        if isinstance(d, BaseDocument):
            d = {key: value for key, value in d.__dict__.items() if key not in INTERNAL}
        if "name" in d:
            self.set("name", d["name"])
        for key, value in d.items():
            self.set(key, value)
        return self

    def update_if_missing(self, d: Any) -> None:
        """Set only what is None."""
        values = d.get_valid_dict() if isinstance(d, BaseDocument) else d
        for key, value in values.items():
            if value is not None and self.get(key) is None and key not in self.dont_update_if_missing:
                self.set(key, value)

    def get(self, key: Any, filters: Any = None, limit: int | None = None, default: Any = None) -> Any:
        if isinstance(key, dict):
            return _filter(self.get_all_children(), key, limit=limit)
        if filters is not None:
            if isinstance(filters, dict):
                return _filter(self.__dict__.get(key) or [], filters, limit=limit)
            default = filters
        value = self.__dict__.get(key, default)
        if limit and isinstance(value, list | tuple) and len(value) > limit:
            value = value[:limit]
        return value

    def getone(self, key: Any, filters: Any = None) -> Any:
        rows = self.get(key, filters=filters, limit=1)
        return rows[0] if rows else None

    def set(self, key: str, value: Any, as_value: bool = False) -> None:
        if key in INTERNAL:
            return
        if not as_value and key in self.__dict__.get("_table_fieldnames", ()):
            self.__dict__[key] = []
            if value:
                self.extend(key, value)
        elif key == "docstatus":
            self.docstatus = value
        else:
            self.__dict__[key] = value

    def delete_key(self, key: str) -> None:
        self.__dict__.pop(key, None)

    # -- child tables ----------------------------------------------------------------------------------------

    def append(self, key: str, value: Any = None, position: int = -1) -> Any:
        """Add a row to a child table; the row is returned."""
        rows = self.__dict__.get(key)
        if rows is None:
            rows = self.__dict__[key] = []
        row = self._init_child({} if value is None else value, key)
        if position == -1:
            rows.append(row)
        else:
            rows.insert(position, row)
            for idx, other in enumerate(rows, 1):
                other.idx = idx
        row.parent_doc = self
        return row

    def extend(self, key: str, value: Iterable[Any]) -> None:
        try:
            rows = iter(value)
        except TypeError:
            raise ValueError from None
        for row in rows:
            self.append(key, row)

    def remove(self, doc: Any) -> None:
        rows = self.get(doc.parentfield)
        if rows is not None and doc in rows:
            rows.remove(doc)
            for idx, row in enumerate(rows, 1):
                row.idx = idx

    def _init_child(self, value: Any, key: str) -> Any:
        if not isinstance(value, BaseDocument):
            if not isinstance(value, dict):
                raise AttributeError(
                    f'Document for field "{key}" attached to child table of "{self.get("name")}" must be a dict or'
                    f" BaseDocument, not {str(type(value))[1:-1]}({value})"
                )
            doctype = self.meta.get_table_field_doctype(key) if "doctype" in self.__dict__ else None
            doctype = doctype or value.get("doctype")
            if not doctype:
                raise AttributeError(key)
            value = get_controller(doctype)({**value, "doctype": doctype})
        value.parent = self.get("name")
        value.parenttype = self.doctype
        value.parentfield = key
        if value.__dict__.get("docstatus") is None:
            value.docstatus = DocStatus.draft()
        if not value.__dict__.get("idx"):
            value.idx = len(self.get(key) or []) + 1
        if not value.__dict__.get("name"):
            value.__dict__["__islocal"] = 1
        return value

    def get_all_children(self, parenttype: str | None = None) -> list[Any]:
        """Rows of all child tables, in the order of the fields."""
        children: list[Any] = []
        for df in self.meta.get_table_fields():
            if not df.is_virtual and (not parenttype or df.options == parenttype):
                children.extend(self.__dict__.get(df.fieldname) or ())
        return children

    # -- conversion ------------------------------------------------------------------------------------------

    def as_dict(
        self,
        no_nulls: bool = False,
        no_default_fields: bool = False,
        convert_dates_to_str: bool = False,
        no_child_table_fields: bool = False,
        no_private_properties: bool = False,
    ) -> _dict:
        """All values, those of child rows included."""
        doc = self.get_valid_dict(convert_dates_to_str=convert_dates_to_str, ignore_nulls=no_nulls)
        doc["doctype"] = self.doctype
        for fieldname in self.meta._table_doctypes:
            rows = self.get(fieldname) or []
            doc[fieldname] = [
                row.as_dict(
                    convert_dates_to_str=convert_dates_to_str,
                    no_nulls=no_nulls,
                    no_default_fields=no_default_fields,
                    no_child_table_fields=no_child_table_fields,
                    no_private_properties=no_private_properties,
                )
                for row in rows
                if isinstance(row, BaseDocument)
            ]
        if no_default_fields:
            for key in default_fields:
                doc.pop(key, None)
        if no_child_table_fields:
            for key in child_table_fields:
                doc.pop(key, None)
        if not no_private_properties:
            for key in PRIVATE_SHOWN:
                if value := self.get(key):
                    doc[key] = value
        return doc

    def as_json(self) -> str:
        return frappe.as_json(self.as_dict())

    def is_new(self) -> bool:
        return bool(self.get("__islocal"))

    def get_table_field_doctype(self, fieldname: str) -> str | None:
        return self.meta.get_table_field_doctype(fieldname)

    def get_label_from_fieldname(self, fieldname: str) -> str | None:
        df = self.meta.get_field(fieldname)
        return df.label if df else None

    def get_formatted(
        self,
        fieldname: str,
        doc: Any = None,
        currency: str | None = None,
        absolute_value: bool = False,
        translated: bool = False,
        format: Any = None,
    ) -> str:
        """The value as people read it."""
        from frappe.model.meta import get_default_df

        df = self.meta.get_field(fieldname) or get_default_df(fieldname)
        value = self.get(fieldname)
        if translated and isinstance(value, str):
            value = frappe._(value)
        if absolute_value and isinstance(value, int | float):
            value = abs(value)
        return frappe.format_value(value, df, doc=doc or self, currency=currency, format=format)

    def precision(self, fieldname: str, parentfield: str | None = None) -> int | None:
        """Decimals of a number field (of a child table's field when `parentfield` is given)."""
        from frappe.model.meta import get_field_precision

        meta = frappe.get_meta(self.meta.get_field(parentfield).options) if parentfield else self.meta
        df = meta.get_field(fieldname)
        if df and df.fieldtype in ("Currency", "Float", "Percent"):
            return get_field_precision(df, doc=self)
        return None

    def get_value(self, fieldname: str) -> Any:
        df = self.meta.get_field(fieldname)
        return self.cast(self.get(fieldname), df) if df else self.get(fieldname)

    def cast(self, value: Any, df: Any) -> Any:
        from frappe.utils import cast

        return cast(df.fieldtype, value)


def _filter(data: Iterable[Any], filters: dict[str, Any], limit: int | None = None) -> list[Any]:
    """Rows whose values pass: `{"key": value}`, `{"key": (operator, value)}`, True/False for filled or not."""
    conditions = []
    for key, value in filters.items():
        if isinstance(value, list | tuple):
            conditions.append((key, value[0], value[1]))
        elif value is True:
            conditions.append((key, "not None", None))
        elif value is False:
            conditions.append((key, "None", None))
        elif isinstance(value, str) and value.startswith("^"):
            conditions.append((key, "^", value[1:]))
        else:
            conditions.append((key, "=", value))
    found = []
    for row in data:
        if all(compare(row.get(key), operator, expected) for key, operator, expected in conditions):
            found.append(row)
            if limit and len(found) >= limit:
                break
    return found


__all__ = ["BaseDocument", "_filter", "get_controller", "table_fields"]
