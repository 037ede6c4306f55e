"""Empty until built."""
