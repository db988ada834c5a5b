"""Normal forms, keyed hashes and masks of personal data."""

import hashlib
import hmac

import pytest
from gmssl import func, sm3

from cn_connect.crypto.lookup import lookup_hash, normalize
from cn_connect.crypto.masks import is_masked, mask

KEY = bytes(range(32))


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("138 1234 5678", "phone", "13812345678"),
        ("+86-138-1234-5678", "phone", "13812345678"),
        ("008613812345678", "phone", "13812345678"),
        ("１３８１２３４５６７８", "phone", "13812345678"),
        ("0898-67612345", "phone", "089867612345"),
        ("460023 19900101 123x", "id_number", "46002319900101123X"),
        ("  张三 ", "text", "张三"),
    ],
)
def test_equal_values_get_one_form(value, kind, expected):
    assert normalize(value, kind) == expected


def test_the_hash_finds_a_value_however_it_was_written():
    assert lookup_hash(KEY, "+86 138-1234-5678", "phone") == lookup_hash(KEY, "13812345678", "phone")


def test_the_hash_depends_on_key_and_kind():
    hashes = {
        lookup_hash(KEY, "13812345678", "phone"),
        lookup_hash(KEY[::-1], "13812345678", "phone"),
        lookup_hash(KEY, "13812345678", "text"),
    }
    assert len(hashes) == 3


def test_the_hash_is_lower_case_hex():
    digest = lookup_hash(KEY, "13812345678", "phone")

    assert len(digest) == 64 and digest == digest.lower() and int(digest, 16)


def test_the_hash_is_hmac_over_gmssl_sm3():
    def gm(data):
        return bytes.fromhex(sm3.sm3_hash(func.bytes_to_list(data)))

    block = KEY.ljust(64, b"\0")
    inner = gm(bytes(b ^ 0x36 for b in block) + b"phone:13812345678")

    assert lookup_hash(KEY, "13812345678", "phone") == gm(bytes(b ^ 0x5C for b in block) + inner).hex()
    assert (
        lookup_hash(KEY, "13812345678", "phone")
        != hmac.new(KEY, b"phone:13812345678", hashlib.sha256).hexdigest()
    )


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="unknown kind"):
        normalize("x", "colour")


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("13812345678", "phone", "138****5678"),
        ("460023199001011234", "id_number", "4600**********1234"),
        ("12345", "phone", "1***5"),
        ("1", "phone", "*"),
        ("张小三", "text", "张**"),
        ("", "text", ""),
    ],
)
def test_masks(value, kind, expected):
    assert mask(value, kind) == expected
    assert is_masked(expected) == ("*" in expected)
