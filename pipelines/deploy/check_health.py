"""Exit code 0 where Airflow's health page answers and names the component healthy: a container's health check.

Usage: python pipelines/deploy/check_health.py URL [COMPONENT], a component being for example
`scheduler` or `dag_processor`.
"""

from __future__ import annotations

import json
import sys
from urllib.request import urlopen

SECONDS = 5


def is_healthy(url: str, component: str | None = None) -> bool:
    """Whether the page answers in time and, where a component is named, calls it healthy."""
    try:
        with urlopen(url, timeout=SECONDS) as response:  # noqa: S310 - the address is docker-compose.yml's own
            page = response.read()
        return component is None or json.loads(page)[component]["status"] == "healthy"
    except (OSError, ValueError, KeyError, TypeError):
        return False


if __name__ == "__main__":
    raise SystemExit(0 if is_healthy(*sys.argv[1:3]) else 1)
