"""The rows of a table by dlt, run by the Python of its own virtual environment.

Arguments: source URL, target URL, table, backend (`sqlalchemy`, dlt's default, or `pyarrow`), loader file format
(`insert_values`, its default for PostgreSQL, or `csv`, which it loads by COPY), folder for its state.
"""

from __future__ import annotations

import json
import sys
import time

import dlt
from dlt.sources.sql_database import sql_table


def main(source: str, target: str, table: str, backend: str, file_format: str, folder: str) -> None:
    """Copy the table; says the seconds and rows as JSON."""
    # dlt's extra brings psycopg 2, which SQLAlchemy no longer takes by itself
    address = source.replace("postgresql://", "postgresql+psycopg2://", 1)
    rows = sql_table(credentials=address, schema="public", table=table, backend=backend)
    pipeline = dlt.pipeline(
        pipeline_name=f"by_{backend}",
        pipelines_dir=folder,
        dataset_name=f"by_dlt_{backend}",
        destination=dlt.destinations.postgres(credentials=target),
    )
    began = time.monotonic()
    pipeline.run(rows, table_name="line", write_disposition="replace", loader_file_format=file_format)
    seconds = time.monotonic() - began
    counts = pipeline.last_trace.last_normalize_info.row_counts
    sys.stdout.write(json.dumps({"seconds": seconds, "rows": counts["line"]}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
