"""Commands this app adds to `bench`."""

import click

import frappe
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


commands = [rotate_sm4_key]
