"""Certificates for TLS tests: an authority of our own and a server it vouches for."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def certificates(folder: Path) -> tuple[Path, Path, Path]:
    """Make a CA and a server certificate for 127.0.0.1, as strict as Python 3.13 wants them: (ca, certificate, key)."""
    tool = shutil.which("openssl")
    if tool is None:
        pytest.skip("openssl is not installed here")
    ca, ca_key, cert, key, request, names = (
        folder / name for name in ("ca.crt", "ca.key", "server.crt", "server.key", "server.csr", "names")
    )
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj"]
    names.write_text("subjectAltName=IP:127.0.0.1\nauthorityKeyIdentifier=keyid\n")
    for step in (
        ["req", "-x509", "-days", "2", *new, "/CN=test CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
         "-keyout", str(ca_key), "-out", str(ca)],
        ["req", *new, "/CN=server", "-keyout", str(key), "-out", str(request)],
        ["x509", "-req", "-in", str(request), "-CA", str(ca), "-CAkey", str(ca_key), "-CAcreateserial", "-days", "2",
         "-extfile", str(names), "-out", str(cert)],
    ):  # fmt: skip
        subprocess.run([tool, *step], check=True, capture_output=True)
    key.chmod(0o644)
    return ca, cert, key
