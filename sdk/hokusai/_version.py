"""The one place where the version of the SDK is written."""

__version__ = "0.1.0"
