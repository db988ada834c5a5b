"""Commands this app adds to `bench`."""

import click

import frappe
from cn_connect import site_import
from cn_connect.crypto import keys, rotation
from frappe.commands import get_site, pass_context


@click.command("rotate-sm4-key")
@click.option("--resume", is_flag=True, help="Only finish re-encrypting with the current key.")
@pass_context
def rotate_sm4_key(context: object, resume: bool) -> None:
    """Add a new SM4 key and re-encrypt all encrypted fields with it. Old keys stay for old backups."""
    site = str(get_site(context))
    frappe.init(site=site)
    frappe.connect()
    try:
        version = str(frappe.conf.sm4_keys["current"]) if resume else keys.add_key_version()
        click.echo(f"SM4 key version {version} is current. Back up sites/{site}/site_config.json.")
        changed = rotation.reencrypt_all(lambda field, done: click.echo(f"  {field}: {done}"))
        click.echo(f"{changed} values re-encrypted.")
    finally:
        frappe.destroy()


@click.command("import-site")
@click.argument("archive", type=click.Path(exists=True, dir_okay=False, resolve_path=True))
@click.option("--force", is_flag=True, help="Replace the business data that the site has.")
@pass_context
def import_site(context: object, archive: str, force: bool) -> None:
    """Read a site that `bench export-site` wrote. The same apps must be installed, and no business data be there."""
    site = str(get_site(context))
    frappe.init(site=site)
    frappe.connect()
    try:
        counts = site_import.import_archive(archive, force=force, say=click.echo)
        click.echo(
            f"{sum(counts.values())} rows in {sum(map(bool, counts.values()))} tables imported to {site}."
        )
    except frappe.ValidationError as error:
        raise click.ClickException(str(error)) from None
    finally:
        frappe.destroy()


commands = [rotate_sm4_key, import_site]
