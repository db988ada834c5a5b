"""Every whitelisted method of Frappe and the apps, with who may call it: from the code's own registry."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from types import ModuleType

from tests.security.people import Person

# These end or begin the session that the other questions need; tests/test_access.py has their own tests.
ENDS_THE_SESSION = {
    "frappe.handler.logout", "frappe.handler.login", "frappe.handler.web_logout", "market_mgmt.api.auth.logout",
    "market_mgmt.api.auth.delete_account",
}  # fmt: skip
APPS = ("cn_connect", "market_mgmt")


@dataclass(frozen=True)
class Method:
    """A whitelisted method: `roles` None where Frappe asks for a session only."""

    name: str
    guests: bool
    roles: frozenset[str] | None
    verbs: tuple[str, ...]

    def is_closed_to(self, person: Person) -> bool:
        """Whether the person must be refused before anything else is looked at."""
        if self.guests:
            return False
        if person.user == "Guest":
            return True
        return self.roles is not None and not (self.roles & person.roles)


def every_method(frappe: ModuleType) -> list[Method]:
    """All of them, by name. Modules are imported first: a method is known once its module is."""
    for package in ("frappe", *APPS):
        _import_all(package)
    found = {}
    for function, verbs in frappe.allowed_http_methods_for_whitelisted_func.items():
        name = f"{function.__module__}.{function.__qualname__}"
        if "tests" in name or name in ENDS_THE_SESSION or "." in function.__qualname__:
            continue
        api = getattr(function, "__api_method__", None)
        guests = api.allow_guest if api is not None else function in frappe.guest_methods
        roles = frozenset(api.roles) if api is not None and not guests else None
        found[name] = Method(name, guests, roles, tuple(verbs))
    return [found[name] for name in sorted(found)]


def _import_all(package: str) -> None:
    module = importlib.import_module(package)
    for part in pkgutil.walk_packages(module.__path__, f"{package}.", onerror=lambda _name: None):
        if ".tests" in part.name or part.name.endswith("__main__") or ".commands" in part.name:
            continue
        try:
            importlib.import_module(part.name)
        except Exception:  # what needs an optional library has no method that could be called
            continue
