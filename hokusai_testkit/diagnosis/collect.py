"""Collects versions in the interpreter that the user's program runs with, and prints them as JSON.

One file, standard library, Python 3.8 and newer: the doctor starts it with `--python PATH`. It prints the names of
environment variables, never their values.
"""

import os
import sys

if sys.path and os.path.abspath(sys.path[0]) == os.path.dirname(os.path.abspath(__file__)):
    # Python puts this file's folder first; modules beside it must not hide those of the standard library.
    del sys.path[0]

import importlib.metadata
import json
import platform

PACKAGES = (
    "mlflow",
    "mlflow-skinny",
    "requests",
    "urllib3",
    "hokusai-minimal-sdk",
    "hokusai-ml-platform",
    "hokusai-testkit",
    "pandas",
    "numpy",
    "scikit-learn",
    "boto3",
)
PREFIXES = ("MLFLOW_", "HOKUSAI_")
NAMES = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "NETRC",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
)


def version(package: str) -> "str | None":
    """The version of an installed distribution; None when it is not installed or its record is damaged."""
    try:
        return importlib.metadata.version(package)
    except Exception:  # noqa: BLE001 - a damaged environment is what we are here to look at
        return None


def collect() -> "dict[str, object]":
    """Everything, as one JSON object."""
    names = sorted(name for name in os.environ if name.startswith(PREFIXES) or name.upper() in NAMES)
    return {
        "schema_version": 1,
        "python": {
            "version": platform.python_version(),
            "implementation": platform.python_implementation(),
            "executable": sys.executable,
        },
        "platform": {"system": platform.system(), "release": platform.release(), "machine": platform.machine()},
        "packages": {package: version(package) for package in PACKAGES},
        "environment": names,
    }


if __name__ == "__main__":
    json.dump(collect(), sys.stdout)
    sys.stdout.write("\n")
