"""What the extraction tests share: a warehouse of their own, mapping files on the fly, and looks at what landed."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from pipelines.contract import ENTITIES
from pipelines.extract import ExtractionResult, extract_entity
from pipelines.settings import Settings


@dataclass
class Desk:
    """One warehouse with runs, into which sources are extracted."""

    settings: Settings
    engine: sa.Engine
    folder: Path
    runs: set[str] = field(default_factory=set)

    def source(self, name: str, location: str, mapping: str | None = None) -> None:
        """Place a source; `mapping` is the file's text after source_system and description."""
        self.settings.sources[name] = str(location)
        if mapping is not None:
            head = f"source_system: {name}\ndescription: of a test\n"
            (self.folder / f"{name}.yml").write_text(head + textwrap.dedent(mapping), "utf-8")

    def extract(self, source: str, entity: str, run_id: str = "night") -> ExtractionResult:
        self.start(run_id)
        result = extract_entity(self.settings, self.engine, source, entity, run_id)
        assert result.rows_read == result.rows_landed + result.rows_unchanged + result.rows_rejected
        assert result.rows_held == self.scalar(
            f"select count(*) from landing.{entity} where source_system = '{source}'"
        )
        return result

    def start(self, run_id: str, as_of: str = "2024-01-31") -> None:
        if run_id not in self.runs:
            self.run(
                "insert into control.run (run_id, as_of_date, source_systems, started_at, status)"
                f" values ('{run_id}', '{as_of}', '{{}}', clock_timestamp(), 'running')"
            )
            self.runs.add(run_id)

    def run(self, sql: str) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql(sql)

    def rows(self, sql: str) -> list[tuple]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql)]

    def scalar(self, sql: str) -> object:
        return self.rows(sql)[0][0]

    def landed(self, entity: str, columns: str) -> list[tuple]:
        """These columns of what landed, in order."""
        return self.rows(f"select {columns} from landing.{entity} order by {columns}")

    def rejected(self, columns: str = "key, reason") -> list[tuple]:
        return self.rows(
            f"select {columns} from landing.landing_rejected order by source_system, entity, key, occurrence"
        )

    def watermark(self, source: str, entity: str) -> object:
        return self.scalar(
            f"select marker from control.watermark where source_system = '{source}' and entity = '{entity}'"
        )


def desk_for(warehouse, folder: Path) -> Desk:
    """A desk on an emptied warehouse, with `folder` for its mapping files."""
    update = {"sources": {}, "mapping_folders": [folder], "time_zone": "Asia/Shanghai"}
    desk = Desk(warehouse.settings.model_copy(update=update), warehouse.engine, folder)
    tables = ["control.run", "control.watermark", "landing.landing_rejected"]
    tables += [f"landing.{entity.name}" for entity in ENTITIES]
    # Deleting the little that is there takes no time; truncating twice as many tables would take twice as long.
    history = "; ".join(f"delete from landing.{entity.name}_history" for entity in ENTITIES)
    desk.run(f"truncate {', '.join(tables)} cascade; {history}")
    return desk


def text_table(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    """Write a file of a `files` source, dedented."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_bytes(textwrap.dedent(text).lstrip("\n").encode(encoding))
    return file
