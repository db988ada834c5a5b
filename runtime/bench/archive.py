"""One-file archives: a packed tar whose last member, manifest.json, says what is in it; optionally sealed."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import secrets
import shutil
import tarfile
import zlib
from collections.abc import Iterable, Iterator
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
    with _private(partial) as file, tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
        for name, path in members:
            with contextlib.suppress(FileNotFoundError), open(path, "rb") as member:
                content = _Hashed(member)
                archive.addfile(archive.gettarinfo(arcname=name, fileobj=member), content)
                sums[name] = content.digest.hexdigest()
        text = json.dumps({**manifest, "sha256": sums}, ensure_ascii=False, indent=1).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    os.replace(partial, target)
    return target


def _private(path: Path) -> IO[bytes]:
    """A new file that nobody else may read."""
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


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
                    raise ValueError(f"{member.name} 不是普通文件，或在目标文件夹之外")
                target.parent.mkdir(parents=True, exist_ok=True)
                hashed = _Hashed(content)
                with open(target, "wb") as file:
                    shutil.copyfileobj(hashed, file, _CHUNK)
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


def _chunks(file: IO[bytes], size: int) -> Iterator[tuple[bytes, bytes]]:
    """The rest of the file in chunks (of an empty one an empty chunk), each with its nonce."""
    chunk, number = file.read(size), 0
    while True:
        following = file.read(size)
        yield number.to_bytes(11, "big") + bytes([not following]), chunk
        if not following:
            return
        chunk, number = following, number + 1


def is_sealed(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def seal(source: Path, key: str) -> Path:
    """Encrypt the file to one with `.enc` added to its name, and delete it."""
    target, salt = source.with_name(source.name + ".enc"), secrets.token_bytes(_SALT)
    cipher, partial = _cipher(key, salt), target.with_name(target.name + ".partial")
    with open(source, "rb") as plain, _private(partial) as sealed:
        sealed.write(_MAGIC + salt)
        for nonce, chunk in _chunks(plain, _CHUNK):
            sealed.write(cipher.encrypt(nonce, chunk, _MAGIC))
    os.replace(partial, target)
    source.unlink()
    return target


def unseal(source: Path, target: Path, key: str) -> Path:
    """Decrypt a sealed file. Raises DamagedArchive when the key is another or anything was changed or cut off."""
    from cryptography.exceptions import InvalidTag

    with open(source, "rb") as sealed, open(target, "wb") as plain:
        cipher = _cipher(key, sealed.read(len(_MAGIC) + _SALT)[len(_MAGIC) :])
        try:
            for nonce, chunk in _chunks(sealed, _CHUNK + _TAG):
                plain.write(cipher.decrypt(nonce, chunk, _MAGIC))
        except (InvalidTag, ValueError):
            raise DamagedArchive(f"{source}：密钥不对，或文件已损坏。什么都没有改变。") from None
    return target
