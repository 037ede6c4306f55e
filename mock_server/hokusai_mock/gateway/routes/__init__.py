"""The platform's own routes, one module a family; `gateway/table.py` puts them together."""
