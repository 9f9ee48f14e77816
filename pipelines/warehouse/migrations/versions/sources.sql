-- The view of the runs, with kinds of runs, missed and ambiguous rows. Frozen: a change is a revision of its own.

create or replace view published.run as
select
    run.run_id,
    run.as_of_date,
    run.source_systems,
    run.started_at,
    run.finished_at,
    run.status,
    run.failed_step,
    run.message,
    run.tier_basis,
    run.calibration_version,
    (
        select jsonb_object_agg(by_entity.entity, by_entity.counts order by by_entity.entity)
        from (
            select
                extraction.entity,
                jsonb_build_object(
                    'read', sum(extraction.rows_read), 'landed', sum(extraction.rows_landed),
                    'unchanged', sum(extraction.rows_unchanged), 'rejected', sum(extraction.rows_rejected),
                    'deleted', sum(extraction.rows_deleted), 'missed', sum(extraction.rows_missed),
                    'ambiguous', sum(extraction.rows_ambiguous)
                ) as counts
            from control.extraction
            where extraction.run_id = run.run_id
            group by extraction.entity
        ) as by_entity
    ) as rows_extracted,
    (
        select
            jsonb_object_agg(
                run_step.step,
                round(extract(epoch from run_step.finished_at - run_step.started_at), 3) order by run_step.started_at
            )
        from control.run_step
        where run_step.run_id = run.run_id and run_step.finished_at is not null
    ) as step_seconds,
    run.kind
from control.run;

comment on column published.run.kind is 'night; reload or backfill: rows landed by hand, nothing published';

comment on column published.run.status is
'running, published, landed (a reload or backfill), failed, or aborted (the process ended without a word)';

comment on column published.run.rows_extracted is
'Per entity: rows read, landed (new or changed), unchanged, rejected, deleted, missed by the change marker, ambiguous';
