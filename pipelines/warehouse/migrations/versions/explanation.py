"""What tonight's scores are compared with: the scores of the night before, by indicator, and what it knew."""

from alembic import op

revision = "explanation"
down_revision = "calibration"


def upgrade() -> None:
    op.execute("""
        alter table control.previous_night add column value_score double precision;
        comment on column control.previous_night.value_score is 'null where it was not active';
        comment on table control.previous_night is
            'The one way back: the tiers and scores of the evaluated day before, as published';

        create table control.previous_run (
            as_of_date date primary key,
            known_at timestamp with time zone not null,
            source_systems text[] not null,
            calibration_version integer not null
        );
        comment on table control.previous_run is
            'What the night before rested on: one row, none where no night was published before';
        comment on column control.previous_run.as_of_date is 'the latest published night before the evaluated one';
        comment on column control.previous_run.known_at is
            'when it was published: what landed later it did not know';

        create table control.previous_indicator (
            customer_id text collate "C" not null,
            indicator_id text collate "C" not null,
            raw_value numeric(38, 18),
            points double precision,
            effective_weight double precision not null,
            contribution double precision not null
        );
        comment on table control.previous_indicator is
            'The way back of the explanation: the scored indicators of the night before; no key, it is read whole';

        create index landing_history_known_to on landing.landing_history (known_to);
    """)
