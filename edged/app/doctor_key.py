"""Where the doctor finds the key of the service: as systemd gives it to edged, also if it is encrypted. Blocks.

Rules:
1. What systemd has given to the edged that runs is the key. Only root can read it.
2. While edged does not run, an encrypted key is decrypted as systemd would do it, and is only in memory.
"""

import subprocess
from pathlib import Path

from edged.app.doctor import Case
from edged.config import read_text
from edged.config.credential import CREDENTIAL, HOME
from edged.errors import ConfigError

GIVEN = "run/credentials/edged.service"
STORES = ("etc/credstore.encrypted", "run/credstore.encrypted", "usr/lib/credstore.encrypted")
ENCRYPTED = "edged.api-key"
"""As in LoadCredentialEncrypted= of the unit."""
DECRYPT_S = 8.0


def find(case: Case) -> None:
    """Let the case read the key of the service."""
    given = case.root / GIVEN
    if case.unit.get("ActiveState") == "active" and given.is_dir():
        case.env = {**case.env, "CREDENTIALS_DIRECTORY": str(given)}
        return
    found = next((at for store in STORES if (at := case.root / store / ENCRYPTED).is_file()), None)
    if found is not None:
        case.env = {**case.env, "CREDENTIALS_DIRECTORY": str(HOME)}
        at, known = found, dict[Path, str]()

        def read(path: Path) -> str:
            if path != HOME / CREDENTIAL:
                return read_text(path)
            if path not in known:
                known[path] = _decrypted(at, case.programs)
            return known[path]

        case.read = read
    elif (HOME / CREDENTIAL).is_file():
        case.env = {**case.env, "CREDENTIALS_DIRECTORY": str(HOME)}


def _decrypted(at: Path, programs: str) -> str:
    """Raises ConfigError, with what systemd has said."""
    try:
        done = subprocess.run(  # noqa: S603 all words are ours
            ["systemd-creds", "decrypt", f"--name={CREDENTIAL}", str(at), "-"],  # noqa: S607 `programs` says where
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=DECRYPT_S,
            env={"PATH": programs, "LC_ALL": "C"},
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise ConfigError([f"{at}: the key cannot be decrypted ({type(error).__name__})"]) from None
    if done.returncode != 0:
        why = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise ConfigError(
            [
                f"{at}: the key cannot be decrypted here ({why}); encrypt it again (docs/install.md), on this machine"
            ]
        )
    return done.stdout
