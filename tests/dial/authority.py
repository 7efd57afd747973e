"""A certificate authority made by the openssl command, for tests over real TLS."""

import shutil
import subprocess
from pathlib import Path

import pytest

CONFIG = """
[ca]
default_ca = here
[here]
dir = {dir}
database = $dir/index.txt
new_certs_dir = $dir
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
certificate = $dir/ca.pem
private_key = $dir/ca.key
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[host]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
authorityKeyIdentifier = keyid
subjectAltName = {names}
"""
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Authority:
    """`file` is the authority to trust. `issue` returns a file with a certificate and its key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.file = folder / "ca.pem"
        (folder / "index.txt").touch()
        self._configure("DNS:none")
        made = ("-subj", "/CN=Test authority", "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650")
        self._openssl("req", "-x509", *CURVE, "-extensions", "authority", *made)

    def issue(self, names: str, *, begins: str = "20200101000000Z", ends: str = "20491231000000Z") -> Path:
        """`names` in the format of openssl: "DNS:voice.example,IP:127.0.0.1"."""
        self._configure(names)
        self._openssl("req", *CURVE, "-subj", "/CN=host", "-keyout", "host.key", "-out", "host.csr")
        times = ("-startdate", begins, "-enddate", ends)
        self._openssl(
            "ca", "-batch", "-notext", "-extensions", "host", *times, "-in", "host.csr", "-out", "host.pem"
        )
        both = self._folder / f"{len(list(self._folder.glob('*.both')))}.both"
        both.write_bytes((self._folder / "host.pem").read_bytes() + (self._folder / "host.key").read_bytes())
        return both

    def _configure(self, names: str) -> None:
        (self._folder / "openssl.cnf").write_text(CONFIG.format(dir=self._folder, names=names))

    def _openssl(self, verb: str, *arguments: str) -> None:
        command = ("openssl", verb, "-config", "openssl.cnf", *arguments)
        subprocess.run(command, cwd=self._folder, check=True, capture_output=True, timeout=30)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl command to make certificates with (apt install openssl)")
    return Authority(tmp_path_factory.mktemp("authority"))
