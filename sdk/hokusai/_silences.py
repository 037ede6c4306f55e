"""Which known incident a call without an answer stands for: decisions on the exceptions in its chain, no I/O."""

from __future__ import annotations

from hokusai._known import CLIENT_CERTIFICATE, Incident

__all__ = ["name_silence"]

_SILENCES: tuple[tuple[tuple[str, ...], tuple[str, ...], Incident], ...] = (
    (
        ("NameResolutionError", "gaierror"),
        ("Failed to resolve", "Name or service not known"),
        Incident("D01", "the host name does not resolve", "Check its spelling, the VPN and the DNS settings."),
    ),
    (
        ("ProxyError",),
        (),
        Incident("D09", "the HTTP proxy refused the connection", "Set NO_PROXY for the host, or the proxy's login."),
    ),
    (
        (),
        ("Missing dependencies for SOCKS support",),
        Incident(
            "D09",
            "a SOCKS proxy is set, and the package that speaks SOCKS is not installed",
            "Name the host in NO_PROXY, unset ALL_PROXY, or install it: pip install 'requests[socks]'.",
        ),
    ),
    (
        (),
        ("Could not find a suitable TLS CA certificate bundle", "Could not find the TLS "),
        Incident(
            "D06",
            "a file with certificates that is set does not exist",
            "Correct the path in MLFLOW_TRACKING_SERVER_CERT_PATH, MLFLOW_TRACKING_CLIENT_CERT_PATH or "
            "REQUESTS_CA_BUNDLE.",
        ),
    ),
    (
        (),
        ("WRONG_VERSION_NUMBER", "record layer failure"),
        Incident("D07", "https was spoken to a port that is not", "Correct the scheme or the port of the URI."),
    ),
    (
        (),
        ("certificate has expired",),
        Incident(
            "D06",
            "the server's certificate has expired",
            "Its operator renews it; check this machine's clock too. Do not switch verification off: the key would "
            "travel to whoever answers.",
        ),
    ),
    (
        (),
        ("certificate is not yet valid",),
        Incident("D06", "the server's certificate is not valid yet", "Check this machine's clock first."),
    ),
    (
        (),
        ("Hostname mismatch", "IP address mismatch", "doesn't match"),
        Incident(
            "D06",
            "the server's certificate was made for another name",
            "Use the name that stands in the certificate, or ask the operator for one with this name.",
        ),
    ),
    (
        (),
        ("CERTIFICATE_REQUIRED", "certificate required"),
        CLIENT_CERTIFICATE,
    ),
    (
        (),
        ("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "unsupported protocol"),
        Incident(
            "D06",
            "the server speaks only versions of TLS that are no longer safe",
            "Its operator switches TLS 1.2 or 1.3 on.",
        ),
    ),
    (
        ("SSLError", "SSLCertVerificationError"),
        (),
        Incident(
            "D06",
            "the server's certificate was not accepted",
            "Set MLFLOW_TRACKING_SERVER_CERT_PATH (or REQUESTS_CA_BUNDLE) to the CA's file.",
        ),
    ),
    (
        ("ConnectionRefusedError",),
        ("Connection refused", "actively refused"),
        Incident("D02", "nothing listens at this address", "Check host and port, and that the server is running."),
    ),
    (
        ("ConnectTimeoutError", "ConnectTimeout", "ReadTimeoutError", "ReadTimeout", "Timeout", "TimeoutError"),
        (),
        Incident(
            "D03", "there was no answer in time", "Check firewall and VPN; if it connects, tell the platform team."
        ),
    ),
    (
        ("IncompleteRead",),
        (),
        Incident("D05", "the answer was cut off", "Try again; if it stays, a proxy on the way has a limit."),
    ),
    (
        ("ConnectionResetError", "RemoteDisconnected", "ConnectionAbortedError", "BrokenPipeError", "ProtocolError"),
        (),
        Incident(
            "D04", "the connection was cut by the other side", "Try again; a limit of size or time may be the cause."
        ),
    ),
)


def name_silence(class_names: set[str], text: str) -> Incident | None:
    """Name the incident behind a call that got no answer, by the exceptions in its chain and their texts."""
    for classes, phrases, incident in _SILENCES:
        if class_names & set(classes) or any(phrase in text for phrase in phrases):
            return incident
    return None
