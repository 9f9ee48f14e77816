"""How to reach the warehouse: URLs by role, the SQLAlchemy engine, what dbt's profile needs."""

from __future__ import annotations

from functools import lru_cache

import sqlalchemy as sa

from pipelines.settings import Settings, SettingsError
from pipelines.warehouse.server import EmbeddedServer

OLDEST_SERVER = 15
# Of every session of ours, whatever the server's or the role's own settings are.
SESSION = "-c timezone=UTC -c datestyle=ISO,YMD -c jit=off"
# role names of `cvp warehouse url --role` -> roles of the embedded server
EMBEDDED_ROLES = {
    "owner": "cvp_owner",
    "reader": "cvp_reader",
    "admin": "postgres",
    "airflow": "airflow",
    "erp": "erp_owner",
    "erp_reader": "erp_reader",
}
READER_ROLE = "cvp_reader"


def warehouse_url(settings: Settings, role: str = "owner") -> str:
    """The warehouse's connection URL (libpq form: psql, BI tools and scripts take it) for a role.

    Starts the embedded server when it is down. Raises SettingsError where the role's URL is not known.
    """
    if settings.warehouse_url:
        known = {"owner": settings.warehouse_url, "reader": settings.warehouse_reader_url}
        url = known.get(role)
        if url is None:
            raise SettingsError(
                f"no URL is known for role {role!r} of your own PostgreSQL: "
                "set WAREHOUSE_READER_URL (role reader), or use role owner"
            )
        return url
    if role not in EMBEDDED_ROLES:
        raise SettingsError(f"unknown role {role!r}; known: {', '.join(EMBEDDED_ROLES)}")
    server = EmbeddedServer(settings.home)
    server.ensure_database(settings.warehouse_database, "cvp_owner")
    database = {"airflow": "airflow", "erp": "erp", "erp_reader": "erp"}.get(role, settings.warehouse_database)
    return server.url(EMBEDDED_ROLES[role], database)


def with_driver(url: str) -> sa.URL:
    """The URL for SQLAlchemy, with psycopg 3 written out."""
    return sa.make_url(url).set(drivername="postgresql+psycopg")


@lru_cache(maxsize=8)
def _engine(url: str) -> sa.Engine:
    engine = sa.create_engine(
        with_driver(url),
        pool_pre_ping=True,
        connect_args={"application_name": "cvp", "options": SESSION},
    )
    with engine.connect() as connection:
        version = connection.dialect.server_version_info or (0,)
        encoding = connection.scalar(sa.text("show server_encoding"))
    if int(version[0]) < OLDEST_SERVER:
        raise SettingsError(f"the warehouse runs PostgreSQL {version[0]}; 15 or newer is needed")
    if encoding != "UTF8":
        raise SettingsError(f"the warehouse's database is encoded in {encoding}: create it with encoding UTF8")
    return engine


def warehouse_engine(settings: Settings) -> sa.Engine:
    """The engine of the warehouse's owner; one a process and URL.

    Raises:
        SettingsError: the URL cannot be reached or the server is too old.
    """
    url = warehouse_url(settings)
    try:
        return _engine(url)
    except sa.exc.OperationalError as error:
        safe = sa.make_url(url).render_as_string(hide_password=True)
        raise SettingsError(f"cannot connect to the warehouse {safe}: {error.orig}") from error


def dbt_environment(settings: Settings) -> dict[str, str]:
    """The five variables that dbt's profile reads."""
    url = sa.make_url(warehouse_url(settings))
    return {
        "CVP_PG_HOST": url.host or "127.0.0.1",
        "CVP_PG_PORT": str(url.port or 5432),
        "CVP_PG_USER": url.username or "",
        "CVP_PG_PASSWORD": url.password or "",
        "CVP_PG_DATABASE": url.database or "",
    }
