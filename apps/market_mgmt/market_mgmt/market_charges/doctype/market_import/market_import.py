"""One workbook that an office imported, and what became of it; written by `services.imports.journal` only."""

from frappe.model.document import Document


class MarketImport(Document):
    pass
