-- One row per flagged customer and reason that it carries, at most three a customer: indications, not proof.
-- The figures and rows of a signal's clauses are put together; no two clauses of a code share a name.
with clause as (
    select
        signal.customer_id,
        signal.reason_code,
        figure.key as name,
        figure.value
    from {{ ref('reason_customer') }} as given
    inner join {{ ref('reason_signal') }} as signal
        on given.customer_id = signal.customer_id and given.reason_code = signal.reason_code
    cross join lateral jsonb_each(signal.figures) as figure
),

figures as (
    select
        customer_id,
        reason_code,
        jsonb_object_agg(name, value) as figures
    from clause
    group by customer_id, reason_code
),

source_entity as (
    select
        signal.customer_id,
        signal.reason_code,
        entity.key as entity,
        entity.value as ids
    from {{ ref('reason_customer') }} as given
    inner join {{ ref('reason_signal') }} as signal
        on given.customer_id = signal.customer_id and given.reason_code = signal.reason_code
    cross join lateral jsonb_each(signal.source_rows) as entity
    union all
    select
        customer_id,
        reason_code,
        entity,
        ids
    from {{ ref('reason_source') }}
),

source_id as (
    select distinct
        source_entity.customer_id,
        source_entity.reason_code,
        source_entity.entity,
        named.id
    from source_entity
    cross join lateral jsonb_array_elements_text(source_entity.ids) as named (id)
),

source_list as (
    select
        customer_id,
        reason_code,
        entity,
        jsonb_agg(id order by {{ bytewise('id') }}) as ids
    from source_id
    group by customer_id, reason_code, entity
),

sources as (
    select
        customer_id,
        reason_code,
        jsonb_object_agg(entity, ids) as source_rows
    from source_list
    group by customer_id, reason_code
)

select
    night.as_of_date,
    given.customer_id,
    given.reason_code,
    given.reason_rank,
    cast(given.strength as double precision) as strength,
    sentence.evidence,
    sentence.evidence_zh,
    figures.figures,
    coalesce(sources.source_rows, jsonb_build_object()) as source_rows
from {{ ref('reason_customer') }} as given
cross join {{ ref('stg_night') }} as night
inner join figures on given.customer_id = figures.customer_id and given.reason_code = figures.reason_code
left join {{ ref('reason_sentence') }} as sentence
    on given.customer_id = sentence.customer_id and given.reason_code = sentence.reason_code
left join sources on given.customer_id = sources.customer_id and given.reason_code = sources.reason_code
