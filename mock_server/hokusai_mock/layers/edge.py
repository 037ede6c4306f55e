"""What stands in front of the platform: load balancer, firewall, single sign-on.

On a healthy platform it passes everything; its answers are faults of the layer `edge`.
"""

from __future__ import annotations

from hokusai_mock.messages import Handler, Request, Response

__all__ = ["edge"]


def edge(request: Request, forward: Handler) -> Response:
    """Pass the request on."""
    return forward(request)
