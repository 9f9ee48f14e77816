-- One row per active customer whose deliveries are late: the recent on-time rate is under the floor, or well under its
-- own 12m rate. A customer that was promised nothing lately has no such reason.
{{ config(materialized='view') }}

with rated as (
    select
        delivery.customer_id,
        delivery.promised_line_count_12m,
        delivery.on_time_line_count_12m,
        delivery.promised_line_count_recent,
        delivery.on_time_line_count_recent,
        delivery.late_line_ids_recent,
        -- the lines that would have been on time at the floor, and at the 12m rate less the fall; times the 12m lines,
        -- so that nothing is divided before it is compared
        rule.on_time_rate_floor * delivery.promised_line_count_recent as floor_count,
        delivery.promised_line_count_recent
        * (delivery.on_time_line_count_12m - rule.on_time_rate_fall * delivery.promised_line_count_12m)
            as fallen_count_times_12m,
        rule.delivery_days,
        rule.source_rows_at_most
    from {{ ref('int_customer_delivery') }} as delivery
    inner join {{ ref('int_customer_window') }} as customer on delivery.customer_id = customer.customer_id
    cross join {{ ref('int_reason_rule') }} as rule
    where delivery.promised_line_count_recent > 0
),

late as (
    select
        customer_id,
        promised_line_count_12m,
        on_time_line_count_12m,
        promised_line_count_recent,
        on_time_line_count_recent,
        late_line_ids_recent,
        delivery_days,
        source_rows_at_most,
        greatest(
            floor_count, {{ safe_ratio('fallen_count_times_12m', 'promised_line_count_12m') }}
        ) - on_time_line_count_recent as missing_count
    from rated
    where
        on_time_line_count_recent < floor_count
        or on_time_line_count_recent * promised_line_count_12m <= fallen_count_times_12m
)

select
    customer_id,
    'late' as clause,
    'late' as sentence,
    -- the shortfall in standard errors, squared: one late line of one tells less than ten of twenty
    trim_scale(round({{ safe_ratio('missing_count * missing_count', 'promised_line_count_recent') }}, 20)) as severity,
    jsonb_build_object(
        'window_days', delivery_days,
        'promised_lines', promised_line_count_recent,
        'on_time_lines', on_time_line_count_recent,
        'late_lines', promised_line_count_recent - on_time_line_count_recent,
        'on_time_rate', trim_scale(round({{ safe_ratio('on_time_line_count_recent', 'promised_line_count_recent') }}, 4)),
        'promised_lines_12m', promised_line_count_12m,
        'on_time_rate_12m', trim_scale(round({{ safe_ratio('on_time_line_count_12m', 'promised_line_count_12m') }}, 4))
    ) as figures,
    jsonb_build_object(
        'sales_order_line',
        jsonb_path_query_array(
            late_line_ids_recent, '$[0 to $last]', jsonb_build_object('last', source_rows_at_most - 1)
        )
    ) as source_rows
from late
