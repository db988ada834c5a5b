"""Reads a site that `bench export-site` of the embedded runtime wrote, there or on stock Frappe.

What is taken
- DocTypes of apps: all rows, in the place of what an installation has seeded.
- Core DocTypes (users, roles, files, settings, workflows, custom fields, versions, comments, …): row by row; a row of
  the same name is overwritten in the columns that both sides have, other rows of the site stay.
- Custom DocTypes, series, singles, passwords (hashes as they are), files, and the keys of site_config.json.

What is not (each installation has its own, from the files of its apps): see NOT_IMPORTED, STANDARD and STANDARD_USERS.
"""

import hashlib
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import frappe
from frappe import _
from frappe.installer import update_site_config

FORMAT = "site export 1"
CHUNK = 1000

# Definitions from files (custom ones are taken), and what an installation keeps about itself.
DEFINITIONS = ("DocType", "DocField", "DocPerm", "DocType Action", "DocType Link", "DocType State")
NOT_IMPORTED = {
    *("Module Def", "Page", "Patch Log", "Installed Application", "Installed Applications"),
    *("Scheduled Job Type", "Scheduled Job Log", "Language", "Country", "Currency", "User Type"),
    *("Workspace", "Workspace Chart", "Workspace Link", "Workspace Number Card", "Workspace Quick List"),
    *("Workspace Shortcut", "Dashboard Chart", "Number Card"),
}
# Documents that are files of an app have this value in this field.
STANDARD = {
    "Report": ("is_standard", "Yes"),
    "Print Format": ("standard", "Yes"),
    "Notification": ("is_standard", 1),
}
# They exist everywhere; only their passwords are taken.
STANDARD_USERS = ("Administrator", "Guest")
STANDARD_CHILDREN = {("User", user) for user in STANDARD_USERS}
NOT_IMPORTED_DEFAULTS = ("installed_apps",)
# Custom permissions are rows without a name of their own: those of a DocType are replaced together.
CUSTOMIZATIONS = ("Custom Field", "Property Setter", "Custom DocPerm")
# Without these the imported values cannot be read; anything else of site_config.json that is set here stays.
DATA_KEYS = ("encryption_key", "sm4_keys", "lookup_key")

Row = dict[str, Any]


def import_archive(path: str, force: bool = False, say: Callable[[str], object] = print) -> dict[str, int]:
    """Imports the archive into the current site and commits; answers the rows by table.

    Raises ValidationError, with nothing changed, when the archive is damaged, the apps or their versions differ, or the
    site has business data (`force` replaces it). A later error undoes the rows; custom fields, custom DocTypes and
    files stay (MariaDB commits when a table changes).
    """
    with tempfile.TemporaryDirectory(dir=frappe.get_site_path("private")) as scratch:
        archive = Archive(Path(path), Path(scratch))
        check_apps(archive.manifest["apps"])
        tables = archive.tables()
        if not force:
            refuse_business_data(archive, tables)
        counts = {}
        try:
            import_definitions(archive)
            for table in tables:
                if table not in (*DEFINITIONS, *CUSTOMIZATIONS, "Series", "Singles", "__Auth"):
                    counts[table] = import_table(table, archive)
            counts["Series"] = import_series(archive)
            counts["Singles"] = import_singles(archive)
            counts["__Auth"] = import_passwords(archive)
            archive.restore_files()
            import_keys(archive.site_config())
            frappe.db.commit()
        except BaseException:
            frappe.db.rollback()
            raise
        finally:
            frappe.clear_cache()
    for table, count in counts.items():
        if count:
            say(f"{table}: {count}")
    return counts


class Archive:
    """The archive, verified and unpacked."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.folder = folder
        try:
            sums = self._unpack(path)
            self.manifest = json.loads((folder / "manifest.json").read_bytes())
            if self.manifest["kind"] != FORMAT or self.manifest["sha256"] != sums:
                raise ValueError("manifest")
        except (tarfile.TarError, OSError, EOFError, ValueError, KeyError) as error:
            frappe.throw(_("{0} is not a complete export of a site: {1}").format(path, error))

    def _unpack(self, path: Path) -> dict[str, str]:
        sums = {}
        with tarfile.open(path, "r:gz") as content:
            for member in content:
                source, target = content.extractfile(member), self.folder / member.name
                if source is None or ".." in target.parts or not target.is_relative_to(self.folder):
                    raise ValueError(member.name)
                target.parent.mkdir(parents=True, exist_ok=True)
                digest = hashlib.sha256()
                with open(target, "wb") as file:
                    while chunk := source.read(1 << 20):
                        digest.update(chunk)
                        file.write(chunk)
                if member.name != "manifest.json":
                    sums[member.name] = digest.hexdigest()
        return sums

    def tables(self) -> list[str]:
        """Tables that this site takes rows of."""
        return [table for table in self.manifest["counts"] if table not in NOT_IMPORTED]

    def rows(self, table: str) -> Iterator[Row]:
        with open(self.folder / "tables" / f"{table}.jsonl", encoding="utf-8") as file:
            yield from map(json.loads, file)

    def site_config(self) -> dict[str, Any]:
        return json.loads((self.folder / "site_config.json").read_text(encoding="utf-8"))

    def restore_files(self) -> None:
        for name in self.manifest["sha256"]:
            if name.startswith(("public/files/", "private/files/")):
                target = frappe.get_site_path(*name.split("/"))
                os.makedirs(os.path.dirname(target), exist_ok=True)
                os.replace(self.folder / name, target)


def check_apps(expected: dict[str, str]) -> None:
    """The tables must be the same, so the apps and their versions must."""
    found = {app: getattr(frappe.get_module(app), "__version__", "") for app in frappe.get_installed_apps()}
    expected = {app: version for app, version in expected.items() if app != "frappe"}
    found.pop("frappe")
    if found != expected:
        frappe.throw(
            _(
                "The export is of {0}, this site has {1}. Install the same apps in the same versions first."
            ).format(expected, found)
        )


def is_of_app(doctype: str) -> bool:
    """Whether the DocType belongs to an app, or to nobody but the site; not to Frappe."""
    custom, module = frappe.db.get_value("DocType", doctype, ["custom", "module"]) or (0, None)
    return bool(custom) or frappe.db.get_value("Module Def", module, "app_name") != "frappe"


def refuse_business_data(archive: Archive, tables: list[str]) -> None:
    """What the apps' installation has seeded is no business data: never changed since, and in the export, too."""
    for doctype in tables:
        if not frappe.db.exists("DocType", {"name": doctype, "istable": 0}) or not is_of_app(doctype):
            continue
        there = {row["name"] for row in archive.rows(doctype)}
        for row in frappe.get_all(doctype, fields=["name", "creation", "modified"]):
            if row.name not in there or row.creation != row.modified:
                frappe.throw(
                    _(
                        "This site already has data: {0} {1}. Use a new site, or --force to replace all of it."
                    ).format(_(doctype), row.name)
                )


# -- rows --------------------------------------------------------------------------------------------------------


def import_definitions(archive: Archive) -> None:
    """Custom DocTypes, fields, properties and permissions; afterwards all tables have their columns."""
    custom = {row["name"] for row in archive.rows("DocType") if row["custom"]}
    for table in set(DEFINITIONS) & set(archive.manifest["counts"]):
        key = "name" if table == "DocType" else "parent"
        rows = [row for row in archive.rows(table) if row[key] in custom]
        delete_in(table, key, custom)
        insert(table, rows)
    fields = list(archive.rows("Custom Field"))
    merge("Custom Field", fields)
    merge("Property Setter", list(archive.rows("Property Setter")))
    permissions = list(archive.rows("Custom DocPerm"))
    delete_in("Custom DocPerm", "parent", {row["parent"] for row in permissions})
    insert("Custom DocPerm", permissions)
    for doctype in sorted(custom | {row["dt"] for row in fields}):
        frappe.clear_cache(doctype=doctype)
        frappe.db.updatedb(doctype)


def import_table(doctype: str, archive: Archive) -> int:
    rows = [row for row in archive.rows(doctype) if is_wanted(doctype, row)]
    if is_of_app(doctype):
        frappe.db.delete(doctype)
        insert(doctype, rows)
        found = frappe.db.count(doctype)
    else:
        merge(doctype, rows)
        names = [row["name"] for row in rows]
        found = sum(frappe.db.count(doctype, {"name": ("in", part)}) for part in chunks(names))
    if found != len(rows):
        frappe.throw(_("{0}: {1} rows expected, {2} found").format(doctype, len(rows), found))
    return len(rows)


def is_wanted(doctype: str, row: Row) -> bool:
    """Not the apps' standard documents and their children, and not the standard users."""
    if doctype in STANDARD:
        field, value = STANDARD[doctype]
        return row.get(field) != value
    if doctype == "User":
        return row["name"] not in STANDARD_USERS
    if doctype == "DefaultValue":
        return row["defkey"] not in NOT_IMPORTED_DEFAULTS
    parent = row.get("parenttype")
    return not parent or (
        parent not in (*STANDARD, *NOT_IMPORTED) and (parent, row["parent"]) not in STANDARD_CHILDREN
    )


def merge(doctype: str, rows: list[Row]) -> None:
    """Rows of a core DocType: those of the same name are overwritten, and the children of the same parents."""
    if any(row.get("parenttype") for row in rows):
        for parenttype in {row["parenttype"] for row in rows}:
            parents = {row["parent"] for row in rows if row["parenttype"] == parenttype}
            if doctype == "DefaultValue":  # a parent has many, of which each side knows some
                for row in rows:
                    frappe.db.delete(doctype, {"parent": row["parent"], "defkey": row["defkey"]})
            else:
                delete_in(doctype, "parent", parents, parenttype=parenttype)
    kept: dict[str, Row] = {}
    for part in chunks([row["name"] for row in rows]):
        for old in frappe.get_all(doctype, filters={"name": ("in", part)}, fields=["*"], limit=0):
            kept[old["name"]] = dict(old)
    delete_in(doctype, "name", set(kept))
    insert(doctype, [{**kept.get(row["name"], {}), **row} for row in rows])


def insert(table: str, rows: list[Row], columns: tuple[str, ...] | None = None) -> None:
    """In the columns that the table here has; those that only it has get their defaults."""
    columns = columns or tuple(frappe.db.get_table_columns(table))
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(key for key in row if key in columns), []).append(row)
    for fields, group in groups.items():
        for part in chunks(group):
            frappe.db.bulk_insert(table, list(fields), [[row[field] for field in fields] for row in part])


def delete_in(table: str, field: str, values: set[str], **more: Any) -> None:
    for part in chunks(sorted(values)):
        frappe.db.delete(table, {field: ("in", part), **more})


def chunks(values: list) -> Iterator[list]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


# -- what is no DocType ------------------------------------------------------------------------------------------


def import_series(archive: Archive) -> int:
    """Numbers already given here are not given again."""
    rows = list(archive.rows("Series"))
    for row in rows:
        known = frappe.db.sql("select current from `tabSeries` where name = %s", (row["name"],))
        row["current"] = max(row["current"], known[0][0] if known else 0)
    delete_in("Series", "name", {row["name"] for row in rows})
    insert("Series", rows)
    return len(rows)


def import_singles(archive: Archive) -> int:
    """Settings of apps as a whole; of Frappe's, the fields that both sides have."""
    rows = []
    for row in archive.rows("Singles"):
        doctype, field = row["doctype"], row["field"]
        if doctype in NOT_IMPORTED or not frappe.db.exists("DocType", doctype):
            continue
        if not frappe.get_meta(doctype).has_field(field) and field not in frappe.model.default_fields:
            continue
        frappe.db.delete("Singles", {"doctype": doctype, "field": field})
        rows.append(row)
    insert("Singles", rows)
    return len(rows)


def import_passwords(archive: Archive) -> int:
    rows = list(archive.rows("__Auth"))
    key = ("doctype", "name", "fieldname")
    for row in rows:
        frappe.db.delete("__Auth", {field: row[field] for field in key})
    insert("__Auth", rows, columns=(*key, "password", "encrypted"))
    return len(rows)


def import_keys(config: dict[str, Any]) -> None:
    for key, value in config.items():
        if key in DATA_KEYS or key not in frappe.conf:
            update_site_config(key, value, validate=False)
