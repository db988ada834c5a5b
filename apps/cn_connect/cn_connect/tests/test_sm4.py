"""Sealed values: what they hide, what they refuse to open, and that they really are SM4."""

import base64

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from gmssl import sm4 as gmssl_sm4
from hypothesis import given
from hypothesis import strategies as st

from cn_connect.crypto.sm4 import Keyring, key_version, open_sealed, seal
from cn_connect.errors import DecryptionFailed

KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")
OTHER = bytes.fromhex("ffeeddccbbaa99887766554433221100")
RING = Keyring("1", {"1": KEY})
FIELD = "Merchant.phone"


@given(st.text(max_size=200))
def test_a_sealed_value_opens_to_what_was_sealed(plain):
    assert open_sealed(RING, seal(RING, plain, FIELD), FIELD) == plain


def test_equal_values_look_different():
    assert seal(RING, "13812345678", FIELD) != seal(RING, "13812345678", FIELD)


def test_a_value_moved_to_another_field_does_not_open():
    sealed = seal(RING, "13812345678", FIELD)

    with pytest.raises(DecryptionFailed):
        open_sealed(RING, sealed, "Merchant.id_number")


def test_a_changed_value_does_not_open():
    prefix, version, packed = seal(RING, "13812345678", FIELD).split(":")
    changed = bytearray(base64.b64decode(packed))
    changed[14] ^= 1

    with pytest.raises(DecryptionFailed):
        open_sealed(RING, f"{prefix}:{version}:{base64.b64encode(changed).decode()}", FIELD)


@pytest.mark.parametrize("value", ["13812345678", "sm4:1", "sm4:1:####", "sm4:1:AAAA", "aes:1:" + "A" * 60])
def test_what_is_no_sealed_value_is_refused(value):
    with pytest.raises(DecryptionFailed):
        open_sealed(RING, value, FIELD)


def test_after_a_rotation_old_values_open_and_new_ones_use_the_new_key():
    old = seal(RING, "13812345678", FIELD)
    rotated = Keyring("2", {"1": KEY, "2": OTHER})

    assert open_sealed(rotated, old, FIELD) == "13812345678"
    assert key_version(seal(rotated, "13812345678", FIELD)) == "2"


def test_a_missing_key_version_is_named():
    sealed = seal(Keyring("2", {"2": OTHER}), "x", FIELD)

    with pytest.raises(DecryptionFailed, match="version 2"):
        open_sealed(RING, sealed, FIELD)


def test_a_keyring_needs_its_current_key_and_whole_keys():
    with pytest.raises(ValueError, match="no key"):
        Keyring("2", {"1": KEY})
    with pytest.raises(ValueError, match="16 bytes"):
        Keyring("1", {"1": b"short"})


def test_keys_stay_out_of_logs():
    assert KEY.hex() not in repr(RING) and repr(KEY) not in repr(RING)


def gmssl_block(key, block):
    cipher = gmssl_sm4.CryptSM4()
    cipher.set_key(key, gmssl_sm4.SM4_ENCRYPT)
    return bytes(cipher.one_round(cipher.sk, list(block)))


def test_the_block_cipher_is_the_sm4_of_the_standard_and_of_gmssl():
    # GB/T 32907-2016, appendix A, example 1: key and block are equal
    ecb = Cipher(algorithms.SM4(KEY), modes.ECB()).encryptor()

    assert ecb.update(KEY).hex() == "681edf34d206965e86b3e94f536e4246"
    assert gmssl_block(KEY, KEY).hex() == "681edf34d206965e86b3e94f536e4246"


def test_the_ciphertext_is_sm4_in_counter_mode_as_gmssl_computes_it():
    # GCM with a 96-bit nonce encrypts by counter mode starting at nonce | 2; gmssl has the block but no GCM.
    plain = "商户联系电话 13812345678 / 460023199001011234"
    packed = base64.b64decode(seal(RING, plain, FIELD).split(":")[2])
    nonce, ciphertext = packed[:12], packed[12:-16]

    stream = b"".join(
        gmssl_block(KEY, nonce + (2 + i).to_bytes(4, "big")) for i in range(len(ciphertext) // 16 + 1)
    )

    assert bytes(a ^ b for a, b in zip(ciphertext, stream, strict=False)).decode() == plain


def test_the_tag_is_ghash_over_gmssl_blocks():
    packed = base64.b64decode(seal(RING, "13812345678", FIELD).split(":")[2])
    nonce, ciphertext, tag = packed[:12], packed[12:-16], packed[-16:]

    digest = ghash(gmssl_block(KEY, bytes(16)), FIELD.encode(), ciphertext)
    pad = gmssl_block(KEY, nonce + (1).to_bytes(4, "big"))

    assert bytes(a ^ b for a, b in zip(digest, pad, strict=True)) == tag


def ghash(subkey, associated, ciphertext):
    """GHASH of NIST SP 800-38D, bit by bit."""
    h, y = int.from_bytes(subkey, "big"), 0
    blocks = padded(associated) + padded(ciphertext)
    blocks += (len(associated) * 8).to_bytes(8, "big") + (len(ciphertext) * 8).to_bytes(8, "big")
    for start in range(0, len(blocks), 16):
        y = multiply(y ^ int.from_bytes(blocks[start : start + 16], "big"), h)
    return y.to_bytes(16, "big")


def padded(data):
    return data + bytes(-len(data) % 16)


def multiply(x, y):
    product = 0
    for bit in range(127, -1, -1):
        if x >> bit & 1:
            product ^= y
        y = y >> 1 ^ (0xE1 << 120 if y & 1 else 0)
    return product
