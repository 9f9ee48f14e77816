"""What must hold of tonight's extractions, each entity of each source beside its last published one.

That every row read was landed, unchanged or rejected is not checked here: a constraint of the table guarantees it.
"""

from datetime import date

from expectations.rule import Rule, Severity, Suite

# One row per entity extracted tonight, with what landing held of it at the last published run before.
_TONIGHT_AND_BEFORE = """
    with before as (
        select
            extraction.source_system,
            extraction.entity,
            extraction.rows_held,
            row_number() over (
                partition by extraction.source_system, extraction.entity order by run.started_at desc, run.run_id desc
            ) as recency
        from control.extraction as extraction
        inner join control.run as run on run.run_id = extraction.run_id
        inner join control.night as night on night.run_id <> run.run_id
        where run.status = 'published'
    )

    select
        tonight.source_system,
        tonight.entity,
        before.rows_held as rows_before,
        tonight.rows_held as rows_tonight
    from control.extraction as tonight
    inner join control.night as night on night.run_id = tonight.run_id
    inner join before on
        before.source_system = tonight.source_system
        and before.entity = tonight.entity
        and before.recency = 1
        and before.rows_held > 100
"""

# One row per column that an entity's source has tonight, or had at the last published night of another date. A night
# run again is compared with the same night before, so that it says the same again.
_COLUMNS = """
    with before as (
        select distinct on (extraction.source_system, extraction.entity)
            extraction.source_system,
            extraction.entity,
            extraction.source_columns
        from control.extraction as extraction
        inner join control.run as run on run.run_id = extraction.run_id
        inner join control.night as night on night.as_of_date <> run.as_of_date
        where run.status = 'published' and extraction.source_columns is not null
        order by extraction.source_system, extraction.entity, run.started_at desc, run.run_id desc
    ),

    source_columns as (
        select
            tonight.source_system,
            tonight.entity,
            named.column_name,
            before.source_columns ->> named.column_name as type_before,
            tonight.source_columns ->> named.column_name as type_tonight,
            coalesce(named.column_name = any(tonight.columns_read), false) as is_read
        from control.extraction as tonight
        inner join control.night as night on night.run_id = tonight.run_id
        inner join before on before.source_system = tonight.source_system and before.entity = tonight.entity
        cross join lateral (
            select jsonb_object_keys(tonight.source_columns)
            union
            select jsonb_object_keys(before.source_columns)
        ) as named (column_name)
        where tonight.source_columns is not null
    )

    select
        source_columns.source_system,
        source_columns.entity,
        source_columns.column_name,
        source_columns.type_before,
        source_columns.type_tonight
    from source_columns
"""

SUITE = Suite(
    "control",
    "extraction",
    (
        Rule(
            name="no_entity_shrank",
            severity=Severity.FAIL,
            since=date(2026, 11, 22),
            expected="each entity holds at least the share 1 - deleted_share_limit (0.5) of what it held at the last "
            "published run, where that was more than 100 rows",
            reason="Landing only loses what a source deletes; half of it in one go is a broken source or a wrong "
            "`where` far more often than a clean-up. Up to 100 rows an honest clean-up can halve an entity.",
            cure="repair the source or mapping; if the loss is right, run this night with CVP_DELETED_SHARE_LIMIT=1",
            unexpected_rows=f"""
                -- one row per shrunken entity of a source
                {_TONIGHT_AND_BEFORE}
                where tonight.rows_held < before.rows_held * (1 - $deleted_share_limit)
                order by source_system, entity
            """,
        ),
        Rule(
            name="no_entity_swelled",
            severity=Severity.WARN,
            since=date(2026, 11, 22),
            expected="each entity holds at most 10 times what it held at the last published run, where that was more "
            "than 100 rows",
            reason="A tenfold table is mostly a key that changed its spelling, so that everything is there twice; it "
            "may be an honest first load of old years, so the night goes on.",
            cure="look whether keys changed in the source; if so, restore them there or in the mapping",
            unexpected_rows=f"""
                -- one row per swollen entity of a source
                {_TONIGHT_AND_BEFORE}
                where tonight.rows_held > before.rows_held * 10
                order by source_system, entity
            """,
        ),
        Rule(
            name="change_markers_show_every_change",
            severity=Severity.WARN,
            since=date(2026, 11, 28),
            expected="no whole pull finds a new or changed row that the change marker did not show",
            reason="An update that leaves the marker alone, or a commit later than the overlap, stays unseen until "
            "everything is pulled. It is landed now, so the night goes on; until the next whole pull others wait.",
            cure="let the source set the marker at every change, or lengthen overlap_minutes, or reconcile more often",
            unexpected_rows="""
                -- one row per entity of a source, whichever of the date's runs found it
                select
                    extraction.source_system,
                    extraction.entity,
                    max(extraction.rows_missed) as rows_missed
                from control.extraction as extraction
                inner join control.run as run on run.run_id = extraction.run_id
                inner join control.night as night on
                    night.as_of_date = run.as_of_date and extraction.source_system = any(night.source_systems)
                where extraction.rows_missed > 0
                group by extraction.source_system, extraction.entity
                order by source_system, entity
            """,
        ),
        Rule(
            name="source_columns_are_those_of_before",
            severity=Severity.WARN,
            since=date(2026, 11, 28),
            expected="each source table has the columns that it had at the last published night of another date",
            reason="A new column is ignored, but it may be what somebody waits for, or the new name of another. A "
            "mapped column that is gone stops the night before anything is landed, so only others are named here.",
            cure="map the new column, or leave it",
            unexpected_rows=f"""
                -- one row per column that came or went
                {_COLUMNS}
                where source_columns.type_before is null or source_columns.type_tonight is null
                order by source_system, entity, column_name
            """,
        ),
        Rule(
            name="read_columns_keep_their_types",
            severity=Severity.WARN,
            since=date(2026, 11, 28),
            expected="each column that a mapping reads has the type that it had at the last published night of another "
            "date",
            reason="A number that became text may still read as numbers: where it does not, its rows are set aside and "
            "too many of them stop the night. So the change alone is a warning.",
            cure="ask the owner of the source what else the column holds now",
            unexpected_rows=f"""
                -- one row per column of another type
                {_COLUMNS}
                where
                    source_columns.is_read
                    and split_part(source_columns.type_before, '(', 1)
                    <> split_part(source_columns.type_tonight, '(', 1)
                order by source_system, entity, column_name
            """,
        ),
    ),
)
