"""One import of a workbook of meter readings; see `services.imports.readings`."""

from frappe.model.document import Document


class MeterReadingImport(Document):
    pass
