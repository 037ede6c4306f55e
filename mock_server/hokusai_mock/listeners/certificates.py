"""Certificates for listeners that speak TLS: real ones, made by trustme when the first listener needs one.

They are made once a process: an authority that clients are told to trust, one that nobody knows, and what they sign.
The files that clients need lie in a private folder that goes when the process ends.
"""

from __future__ import annotations

import atexit
import ipaddress
import os
import shutil
import ssl
import tempfile
import threading
import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from hokusai_mock.listeners.interface import ListenerError

if TYPE_CHECKING:
    import trustme
    from cryptography.x509 import GeneralName

    from hokusai_mock.scenarios.tables import Tls

__all__ = ["Identity", "identity", "require"]

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
WRONG_NAME = "another-host.example"
CLIENT_NAME = "client@hokusai-testkit.example"

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a listener shows, and what its clients need."""

    context: ssl.SSLContext
    ca: str
    """Path of the certificate (PEM) that a client must trust to accept the listener's."""
    trusted: bool
    """Whether clients are told to trust it; else they have never heard of it."""
    client_certificate: str | None
    """Path of a certificate with its key (PEM) that the listener accepts, when it demands one."""


def require() -> None:
    """Raise `ListenerError` when what makes certificates is not installed."""
    if find_spec("trustme") is None:
        raise ListenerError(
            "it speaks TLS, and the certificates are made with trustme, which is not installed: "
            "pip install 'hokusai-testkit[tls]'"
        )


def identity(tls: Tls, host: str) -> Identity:
    """The identity that `tls` describes for a listener on `host`; the same one for all that want the same."""
    require()
    names = LOOPBACK_NAMES if host in LOOPBACK_NAMES or _is_everywhere(host) else (*LOOPBACK_NAMES, host)
    with _lock:
        return _identity(tls, names)


_lock = threading.Lock()
"""Two threads that need the first certificate must not make two authorities."""


@lru_cache(maxsize=64)
def _identity(tls: Tls, names: tuple[str, ...]) -> Identity:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    asks_client = tls.client_certificate == "required"
    if tls.protocol == "outdated":
        _speak_only_old_versions(context)
    if tls.certificate == "self-signed":
        authority_file, key_file = _self_signed(names)
        context.load_cert_chain(authority_file, key_file)
    else:
        authority = _authority(tls.ca)
        authority_file = _written(f"{tls.ca}-ca.pem", authority.cert_pem.bytes())
        _leaf(authority, tls.certificate, names).configure_cert(context)
    if asks_client:
        context.verify_mode = ssl.CERT_REQUIRED
        _authority("trusted").configure_trust(context)
    return Identity(
        context=context,
        ca=authority_file,
        trusted=tls.ca == "trusted" and tls.certificate != "self-signed",
        client_certificate=_client_certificate() if asks_client else None,
    )


def _speak_only_old_versions(context: ssl.SSLContext) -> None:
    """TLS 1.0 and 1.1, as a server that nobody has touched for years."""
    with warnings.catch_warnings():  # Python says that they are deprecated, which is the point
        warnings.simplefilter("ignore", DeprecationWarning)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1


@lru_cache(maxsize=2)
def _authority(ca: str) -> trustme.CA:
    import trustme  # noqa: PLC0415 - 80 ms, and an extra that need not be installed

    return trustme.CA(organization_name=f"hokusai-testkit, {ca} test authority")


def _leaf(authority: trustme.CA, certificate: str, names: tuple[str, ...]) -> trustme.LeafCert:
    now = datetime.now(timezone.utc)
    begin, end = {
        "expired": (now - 90 * DAY, now - DAY),
        "not-yet-valid": (now + 30 * DAY, now + 90 * DAY),
    }.get(certificate, (now - DAY, now + 365 * DAY))
    names = (WRONG_NAME,) if certificate == "wrong-name" else names
    return authority.issue_cert(*names, organization_name="hokusai-testkit", not_before=begin, not_after=end)


@lru_cache(maxsize=1)
def _client_certificate() -> str:
    leaf = _authority("trusted").issue_cert(CLIENT_NAME, organization_name="hokusai-testkit")
    return _written("client.pem", leaf.private_key_and_cert_chain_pem.bytes())


@lru_cache(maxsize=8)
def _self_signed(names: tuple[str, ...]) -> tuple[str, str]:
    """A certificate that signed itself, as `openssl req -x509` makes them, and its key, as paths.

    trustme has none with names in it, so that it could not be trusted even by who wants to.
    """
    from cryptography import x509  # noqa: PLC0415 - trustme brings it
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(timezone.utc)
    name = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "hokusai-testkit, self-signed")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - DAY, now + 3650 * DAY)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    stem = f"self-signed-{certificate.serial_number:x}"
    return _written(f"{stem}.pem", certificate.public_bytes(pem)), _written(f"{stem}.key", secret)


def _general_name(name: str) -> GeneralName:
    from cryptography import x509  # noqa: PLC0415

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _written(name: str, pem: bytes) -> str:
    path = _folder() / name
    if not path.exists():
        path.write_bytes(pem)
        path.chmod(0o600)
    return str(path)


@lru_cache(maxsize=1)
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="hokusai-testkit-tls-"))
    owner = os.getpid()

    def remove() -> None:
        if os.getpid() == owner:  # a forked child ends while its parent still serves
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


def _is_everywhere(host: str) -> bool:
    return host in ("0.0.0.0", "::", "")  # noqa: S104 - recognized, not bound
