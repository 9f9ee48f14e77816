"""Writes the password file of Airflow's one user, readable by nobody else, before Airflow would make one up.

Airflow's simple auth manager reads it (setting core.simple_auth_manager_passwords_file); what it generates itself has
mode 0644 and is printed. Environment: AIRFLOW_ADMIN_PASSWORD.
"""

from __future__ import annotations

import json
import os
from pathlib import Path


def write_users(file: Path, password: str) -> None:
    """Write {"admin": password} to the file, mode 0600 from its first byte."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        json.dump({"admin": password}, handle)


if __name__ == "__main__":
    write_users(
        Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]), os.environ["AIRFLOW_ADMIN_PASSWORD"]
    )
