"""A cassette as vcrpy writes it without any filter, with its secrets."""

from __future__ import annotations

__all__ = ["KEY", "OLD"]

KEY = "hk_live_" + "9fK2xQ7b" * 3

OLD = f"""\
# recorded by hand; keep this comment
interactions:
- request:
    body: null
    headers:
      Accept: ['*/*']
      Authorization:
      - Bearer {KEY}
    method: GET
    uri: http://127.0.0.1:5000/api/2.0/mlflow/experiments/get-by-name?experiment_name=a&api_key={KEY}
  response:
    body:
      string: |-
        {{"experiment": {{"experiment_id": "1", "name": "a"}},
         "password": "hunter2hunter2"}}
    headers:
      Content-Length:
      - '88'
      Content-Type:
      - application/json
    status: {{code: 200, message: OK}}
version: 1
"""
