"""Encrypted personal data: sealed values, keyed look-up hashes, masks, and their use in DocTypes.

`sm4`, `lookup` and `masks` are pure; `keys` reads site_config; `fields` is what controllers call; `rotation`
re-encrypts after a change of key.
"""
