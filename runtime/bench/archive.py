"""One-file archives: a packed tar whose last member, manifest.json, says what is in it; optionally sealed."""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import tarfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import click

MANIFEST = "manifest.json"
_MAGIC = b"BENCH-SEALED-1\n"
_SALT, _TAG, _CHUNK = 16, 16, 1 << 20


class DamagedArchive(click.ClickException):
    """The archive is not what was once written, or of another kind."""


class _Hashed:
    """A file that is read once, and the sum of what was read."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self.file.read(size)
        self.digest.update(chunk)
        return chunk


def pack(target: Path, members: Iterable[tuple[str, Path]], manifest: dict[str, Any]) -> Path:
    """Write the files and, with their SHA-256 sums, the manifest; its entries may still change until the last file.

    A partial archive never bears the final name. Files deleted meanwhile are left out.
    """
    partial = target.with_name(target.name + ".partial")
    sums: dict[str, str] = {}
    with (
        open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
        tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive,
    ):
        for name, path in members:
            try:
                member = open(path, "rb")  # noqa: SIM115 - closed below
            except FileNotFoundError:
                continue
            with member:
                content = _Hashed(member)
                archive.addfile(archive.gettarinfo(arcname=name, fileobj=member), content)
                sums[name] = content.digest.hexdigest()
        text = json.dumps({**manifest, "sha256": sums}, ensure_ascii=False, indent=1).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    os.replace(partial, target)
    return target


def unpack(source: Path, folder: Path, kind: str) -> dict[str, Any]:
    """Extract all into the folder and answer the manifest.

    Raises DamagedArchive unless every file is there as it was written, nothing else is, none would leave the folder,
    and the archive is of this kind (manifest key `kind`).
    """
    sums: dict[str, str] = {}
    try:
        with tarfile.open(source, "r:gz") as archive:
            for member in archive:
                target = (folder / member.name).resolve()
                content = archive.extractfile(member)
                if content is None or not member.isfile() or not target.is_relative_to(folder.resolve()):
                    raise DamagedArchive(f"{source} 中的 {member.name} 不是普通文件，或在目标文件夹之外。")
                target.parent.mkdir(parents=True, exist_ok=True)
                hashed = _Hashed(content)
                with open(target, "wb") as file:
                    while chunk := hashed.read(_CHUNK):
                        file.write(chunk)
                sums[member.name] = hashed.digest.hexdigest()
            while archive.fileobj.read(_CHUNK):  # to the sum at the very end
                pass
        manifest = json.loads((folder / MANIFEST).read_bytes())
        sums.pop(MANIFEST)
        if manifest["kind"] != kind or manifest["sha256"] != sums:
            raise ValueError("manifest")
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError, KeyError) as error:
        raise DamagedArchive(
            f"{source} 不是完好的备份（{error or type(error).__name__}），什么都没有改变。"
        ) from None
    return manifest


# -- sealing: AES-256-GCM in chunks of 1 MiB. A key per file (HKDF with a random salt), so that a counter is a safe
# nonce; its last byte marks the last chunk, so that a cut is noticed.


def _cipher(key: str, salt: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return AESGCM(HKDF(SHA256(), 32, salt, _MAGIC).derive(key.encode()))


def is_sealed(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def seal(source: Path, key: str) -> Path:
    """Encrypt the file to one with `.enc` added to its name, and delete it."""
    target, salt = source.with_name(source.name + ".enc"), secrets.token_bytes(_SALT)
    cipher = _cipher(key, salt)
    partial = target.with_name(target.name + ".partial")
    with open(source, "rb") as plain, open(partial, "wb") as sealed:
        partial.chmod(0o600)
        sealed.write(_MAGIC + salt)
        chunk, number = plain.read(_CHUNK), 0
        while True:
            following = plain.read(_CHUNK)
            sealed.write(cipher.encrypt(_nonce(number, not following), chunk, _MAGIC))
            if not following:
                break
            chunk, number = following, number + 1
    os.replace(partial, target)
    source.unlink()
    return target


def unseal(source: Path, target: Path, key: str) -> Path:
    """Decrypt a sealed file. Raises DamagedArchive when the key is another or anything was changed or cut off."""
    from cryptography.exceptions import InvalidTag

    with open(source, "rb") as sealed, open(target, "wb") as plain:
        header = sealed.read(len(_MAGIC) + _SALT)
        cipher = _cipher(key, header[len(_MAGIC) :])
        chunk, number = sealed.read(_CHUNK + _TAG), 0
        while True:
            following = sealed.read(_CHUNK + _TAG)
            try:
                plain.write(cipher.decrypt(_nonce(number, not following), chunk, _MAGIC))
            except (InvalidTag, ValueError):
                raise DamagedArchive(f"{source}：密钥不对，或文件已损坏。什么都没有改变。") from None
            if not following:
                return target
            chunk, number = following, number + 1


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
