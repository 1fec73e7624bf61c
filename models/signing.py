"""The key that signs model artifacts: a file that only its owner may read."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from schemas.errors import Fatal

KEY_BYTES = 32
_HINT = "set signing_key (HEADRACE_SIGNING_KEY) to a file of at least 32 random bytes, the same for learner and scoring"


def signing_key(path: Path, *, production: bool = False) -> bytes:
    """The key in the file `path`, which is made at first use, except in production.

    Raises Fatal when production has no key of its own, and when others may read the file, or it is too short.

    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "signing.key"
    >>> signing_key(path) == signing_key(path), oct(path.stat().st_mode & 0o777)
    (True, '0o600')
    >>> folder.cleanup()
    """
    try:
        if not production and not path.exists():
            _make(path)
        with path.open("rb") as file:
            _check_mode(path, os.fstat(file.fileno()))
            key = file.read().strip()
    except FileNotFoundError as error:
        raise Fatal(f'signing key "{path}": no such file, and production does not make one', hint=_HINT) from error
    except OSError as error:
        raise Fatal(f'signing key "{path}": {error.strerror}', hint=_HINT) from error
    if len(key) < KEY_BYTES:
        raise Fatal(f'signing key "{path}": {len(key)} bytes, expected at least {KEY_BYTES}', hint=_HINT)
    return key


def _make(path: Path) -> None:
    """Write a new key; of several processes that try at once, one wins and none sees half a key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mkstemp's files are 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_hex(KEY_BYTES).encode() + b"\n")
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(draft)


def _check_mode(path: Path, found: os.stat_result) -> None:
    # a secret mounted by Kubernetes belongs to root and is readable by the pod's group
    group_is_others = found.st_uid == os.geteuid()
    if found.st_mode & (0o077 if group_is_others else 0o027):
        raise Fatal(f'signing key "{path}": others may read or change it', hint=f"chmod 600 {path}")
