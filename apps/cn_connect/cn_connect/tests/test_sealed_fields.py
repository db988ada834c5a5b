"""Encrypted fields of a DocType, on the one this app has: the phone number of an Outbox Message."""

import pytest

from cn_connect.crypto import keys, rotation, sm4
from cn_connect.crypto.fields import plain_value, reveal
from cn_connect.errors import ConfigMissing, DecryptionFailed

DOCTYPE = "Outbox Message"
FIELD = "Outbox Message.recipient"


@pytest.fixture
def message(site):
    return site.get_doc(
        {
            "doctype": DOCTYPE,
            "channel": "SMS",
            "template": "1",
            "dedupe_key": site.generate_hash(),
            "recipient": "+86 138-1234-5678",
        }
    ).insert()


@pytest.fixture
def new_keys(site, monkeypatch):
    """Stores key changes in this test's configuration only, not in the file."""
    before = site.local.conf.get("sm4_keys")
    monkeypatch.setattr(keys, "_store", lambda key, value: site.local.conf.update({key: value}))
    yield
    site.local.conf["sm4_keys"] = before


def test_a_new_value_is_masked_sealed_and_hashed(message):
    assert message.recipient == "138****5678"
    assert message.recipient_cipher.startswith(f"sm4:{keys.keyring().current}:")
    assert "13812345678" not in str(message.as_dict())
    assert message.recipient_hash == keys.hash_of("13812345678", "phone")
    assert plain_value(message, "recipient") == "13812345678"


def test_saving_the_mask_again_changes_nothing(site, message):
    sealed = message.recipient_cipher
    again = site.get_doc(DOCTYPE, message.name)
    again.template = "2"
    again.save()

    assert again.recipient_cipher == sealed


def test_entering_the_same_value_again_changes_nothing(site, message):
    sealed = message.recipient_cipher
    again = site.get_doc(DOCTYPE, message.name)
    again.recipient = "13812345678"
    again.save()

    assert (again.recipient, again.recipient_cipher) == ("138****5678", sealed)


def test_another_value_is_sealed_anew(site, message):
    again = site.get_doc(DOCTYPE, message.name)
    again.recipient = "13900001111"
    again.save()

    assert again.recipient == "139****1111"
    assert plain_value(again, "recipient") == "13900001111"


def test_emptying_the_field_empties_all_of_it(site, message):
    again = site.get_doc(DOCTYPE, message.name)
    again.recipient = ""
    again.save()

    assert (again.recipient, again.recipient_cipher, again.recipient_hash) == (None, None, None)


@pytest.mark.parametrize("value", ["139****5678", "***", "138****5679"])
def test_a_mask_that_is_not_the_stored_one_is_refused(site, message, value):
    again = site.get_doc(DOCTYPE, message.name)
    again.recipient = value

    with pytest.raises(site.ValidationError):
        again.save()


def test_cipher_and_hash_of_the_client_are_ignored(site, message):
    sealed, digest = message.recipient_cipher, message.recipient_hash
    again = site.get_doc(DOCTYPE, message.name)
    again.update({"recipient_cipher": "sm4:1:AAAA", "recipient_hash": "0" * 64})
    again.save()

    assert (again.recipient_cipher, again.recipient_hash) == (sealed, digest)


def test_a_new_document_cannot_bring_a_mask_and_somebody_elses_cipher(site, message):
    copied = {"recipient": message.recipient, "recipient_cipher": message.recipient_cipher}
    with pytest.raises(site.ValidationError):
        site.get_doc({"doctype": DOCTYPE, "channel": "SMS", "dedupe_key": "copy", **copied}).insert()


# Revealing


def test_revealing_needs_a_role_and_leaves_a_log(site, message, hooks_of):
    hooks_of(unmask_roles={FIELD: ["System Manager"]})

    shown = reveal(message, "recipient", "电话回访")

    assert shown == "13812345678"
    log = site.get_last_doc("Unmasking Log")
    assert (log.user, log.reference_doctype, log.reference_name) == ("Administrator", DOCTYPE, message.name)
    assert (log.fieldname, log.reason) == ("recipient", "电话回访")


def test_nobody_may_see_a_value_that_no_role_is_named_for(site, message, hooks_of):
    hooks_of(unmask_roles={})

    with pytest.raises(site.PermissionError):
        reveal(message, "recipient", "电话回访")
    assert not site.db.count("Unmasking Log")


def test_a_user_without_the_role_sees_nothing(site, message, user_with):
    site.set_user(user_with("Bystander"))

    with pytest.raises(site.PermissionError):
        reveal(message, "recipient", "电话回访", roles=["System Manager"])


def test_revealing_needs_a_reason(site, message):
    with pytest.raises(site.ValidationError):
        reveal(message, "recipient", " ", roles=["System Manager"])


def test_the_log_cannot_be_changed_or_deleted(site, message):
    reveal(message, "recipient", "电话回访", roles=["System Manager"])
    log = site.get_last_doc("Unmasking Log")
    log.reason = "其他"

    with pytest.raises(site.ValidationError):
        log.save()
    with pytest.raises(site.ValidationError):
        site.delete_doc("Unmasking Log", log.name)


# Keys and rotation


def test_existing_keys_are_never_replaced(site, new_keys):
    before = (site.conf.sm4_keys, site.conf.lookup_key)

    keys.create_keys()

    assert (site.conf.sm4_keys, site.conf.lookup_key) == before


def test_rotation_brings_every_value_to_the_new_key(site, message, new_keys, monkeypatch):
    monkeypatch.setattr(site.db, "commit", lambda: None)
    monkeypatch.setattr(rotation, "BATCH", 2)
    names = [message.name]
    for number in range(4):
        row = {
            "doctype": DOCTYPE,
            "channel": "SMS",
            "dedupe_key": f"r{number}",
            "recipient": f"1390000000{number}",
        }
        names.append(site.get_doc(row).insert().name)

    before = int(keys.keyring().current)
    version = keys.add_key_version()
    changed = rotation.reencrypt_field(DOCTYPE, "recipient")

    assert (version, changed) == (str(before + 1), 5)
    renewed = [site.get_doc(DOCTYPE, name) for name in names]
    assert {sm4.key_version(doc.recipient_cipher) for doc in renewed} == {version}
    assert plain_value(renewed[0], "recipient") == "13812345678"
    assert plain_value(renewed[4], "recipient") == "13900000003"
    assert rotation.reencrypt_field(DOCTYPE, "recipient") == 0


def test_apps_register_their_fields(site):
    assert ("Outbox Message", "recipient") in rotation.registered_fields()


def test_a_missing_key_is_named_with_the_command_that_sets_it(site, message, settings_of):
    settings_of(sm4_keys=None)

    with pytest.raises(ConfigMissing, match=r"sm4_keys.*bench --site .* set-config"):
        plain_value(message, "recipient")


def test_an_unusable_key_is_named(site, message, settings_of):
    settings_of(sm4_keys={"current": "1", "keys": {"1": "xyz"}})

    with pytest.raises(ConfigMissing, match="sm4_keys"):
        plain_value(message, "recipient")


def test_another_sites_key_does_not_open_the_value(site, message, settings_of):
    settings_of(sm4_keys={"current": "1", "keys": {"1": "00" * 16}})

    with pytest.raises(DecryptionFailed):
        plain_value(message, "recipient")
