"""Documents that a service writes once: nobody changes, deletes or renames them afterwards, Administrator included."""

import frappe
from frappe.model.document import Document


class WrittenOnce(Document):
    """Base of such controllers. `refusal` is the English message; each names its own, for the translations."""

    def refusal(self) -> str:
        raise NotImplementedError

    def validate(self) -> None:
        if not self.is_new():
            self._refuse()

    def on_trash(self) -> None:
        self._refuse()

    def before_rename(self, *_args: object, **_kwargs: object) -> None:
        self._refuse()

    def _refuse(self) -> None:
        frappe.throw(self.refusal(), frappe.PermissionError)
