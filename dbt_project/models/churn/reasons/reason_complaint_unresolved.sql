-- One row per active customer and clause: complaints and returns open for too long (`open`), or grave ones (`severe`).
{{ config(materialized='view') }}

with complaint as (
    select
        record.service_id,
        record.customer_id,
        record.kind,
        rule.as_of_date - record.opened_on as open_days,
        record.closed_on is null and rule.as_of_date - record.opened_on > rule.complaint_open_days as is_open,
        coalesce(record.severity >= rule.severe_from, false) and record.opened_on > rule.severe_complaint_from
            as is_severe
    from {{ ref('int_service_record') }} as record
    inner join {{ ref('int_customer_window') }} as customer on record.customer_id = customer.customer_id
    cross join {{ ref('int_reason_rule') }} as rule
    where record.kind in ('complaint', 'return')
),

counted as (
    select
        customer_id,
        count(*) filter (where is_open and kind = 'complaint') as complaints_open,
        count(*) filter (where is_open and kind = 'return') as returns_open,
        max(open_days) filter (where is_open) as oldest_open_days,
        count(*) filter (where is_severe) as severe_count,
        jsonb_agg(
            service_id order by open_days desc, {{ bytewise('service_id') }} asc
        ) filter (where is_open) as open_ids,
        jsonb_agg(service_id order by open_days, {{ bytewise('service_id') }}) filter (where is_severe) as severe_ids
    from complaint
    where is_open or is_severe
    group by customer_id
),

clause as (
    select
        customer_id,
        'open' as clause,
        case
            when complaints_open > 0 and returns_open > 0 then 'both_open'
            when complaints_open = 1 then 'complaint_open'
            when complaints_open > 1 then 'complaints_open'
            when returns_open = 1 then 'return_open'
            else 'returns_open'
        end as sentence,
        cast(oldest_open_days as numeric) as severity,
        jsonb_build_object(
            'complaints_open', complaints_open,
            'returns_open', returns_open,
            'oldest_open_days', oldest_open_days
        ) as figures,
        open_ids as ids
    from counted
    where oldest_open_days is not null
    union all
    select
        counted.customer_id,
        'severe' as clause,
        'severe' as sentence,
        cast(counted.severe_count as numeric) as severity,
        jsonb_build_object(
            'severe_records', counted.severe_count,
            'window_days', rule.severe_complaint_days
        ) as figures,
        counted.severe_ids as ids
    from counted
    cross join {{ ref('int_reason_rule') }} as rule
    where counted.severe_count >= rule.severe_complaints
)

select
    clause.customer_id,
    clause.clause,
    clause.sentence,
    clause.severity,
    clause.figures,
    jsonb_build_object(
        'service_record',
        jsonb_path_query_array(clause.ids, '$[0 to $last]', jsonb_build_object('last', rule.source_rows_at_most - 1))
    ) as source_rows
from clause
cross join {{ ref('int_reason_rule') }} as rule
