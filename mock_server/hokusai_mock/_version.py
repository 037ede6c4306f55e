"""The one place where the version of the kit (plugin, mock and command line) is written."""

__version__ = "0.1.0"
