"""`bench start --prepare`: the sites that bench-config.json names exist, with their apps, and are up to date."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from bench.context import opened
from bench.root import Bench
from bench.sites import remove_site

_WATCHED = (".json", ".txt", ".csv", "hooks.py")
_STAMP = ".migrated"


def prepare_sites(bench: Bench, say: Callable[[str], object]) -> None:
    """Create what is missing, migrate what is older than the apps' files. Nothing half made stays behind."""
    for site, options in bench.sites.items():
        apps = options.get("apps", bench.apps)
        if _mark(bench, site).exists():
            say(f"→ 站点 {site} 上次没有建完，重新创建")
            remove_site(site)
        if not (bench.sites_path / site / "site_config.json").is_file():
            create_site(bench, site, apps, options, say)
        elif _stamp(bench, site).read_text() != fingerprint(apps) if _stamp(bench, site).exists() else True:
            say(f"→ 更新站点 {site}")
            migrate_site(bench, site, apps)


def create_site(
    bench: Bench, site: str, apps: list[str], options: dict, say: Callable[[str], object]
) -> None:
    """New site, apps, and the apps' own preparation (hook `bench_prepare`, called with the site's options)."""
    import frappe
    from frappe.installer import new_site

    say(f"→ 创建站点 {site}")
    mark = _mark(bench, site)
    mark.parent.mkdir(exist_ok=True)
    mark.touch()
    try:
        new_site(site, admin_password=options.get("admin_password", "admin"), install_apps=apps)
        frappe.destroy()
        with opened(site) as frappe:
            methods = frappe.get_hooks("bench_prepare") or []
        for method in methods:
            with opened(site) as frappe:
                frappe.get_attr(method)(options=options, say=say)
                frappe.db.commit()
    except BaseException:
        frappe.destroy()
        remove_site(site)
        raise
    _stamp(bench, site).write_text(fingerprint(apps))
    mark.unlink()


def migrate_site(bench: Bench, site: str, apps: list[str]) -> None:
    from frappe.migrate import migrate

    with opened(site):
        migrate()
    _stamp(bench, site).write_text(fingerprint(apps))


def _mark(bench: Bench, site: str) -> Path:
    """In the site's folder while it is being made: whoever is killed meanwhile cannot clear up."""
    return bench.sites_path / site / ".creating"


def _stamp(bench: Bench, site: str) -> Path:
    return bench.sites_path / site / _STAMP


def fingerprint(apps: list[str]) -> str:
    """Changes when a file changes that `bench migrate` would have to read."""
    import frappe

    digest = hashlib.sha256()
    for app in ["frappe", *apps]:
        for folder, folders, files in os.walk(frappe.get_app_path(app)):
            folders[:] = sorted(
                name for name in folders if name not in ("__pycache__", "node_modules", "public")
            )
            for name in sorted(files):
                if name.endswith(_WATCHED):
                    status = os.stat(os.path.join(folder, name))
                    digest.update(f"{folder}/{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
