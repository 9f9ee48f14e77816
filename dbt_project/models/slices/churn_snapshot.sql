-- One row per slice and customer with a line in the active window before it: what was known of it on that day, and
-- whether it ordered again inside the horizon (null for the evaluated date).
with positioned as (
    select
        slice.slice,
        slice.snapshot_on,
        slice.is_closed,
        history.customer_id,
        history.order_dates,
        history.volumes_so_far,
        {% for edge in [
            'snapshot_on', 'history_from', 'gap_history_from', 'active_from', 'recent_from', 'usual_from', 'outcome_to'
        ] %}
            {{ last_at_or_before('slice.' ~ edge, 'history.order_dates') }}
                as at_{{ edge }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ ref('churn_order_history') }} as history
    cross join {{ ref('churn_slice') }} as slice
),

seen as (
    select
        slice,
        snapshot_on,
        is_closed,
        customer_id,
        at_snapshot_on = at_history_from as is_dormant,
        snapshot_on - order_dates[at_snapshot_on] as days_since_order,
        at_snapshot_on - at_history_from as order_count,
        greatest(at_snapshot_on - at_gap_history_from - 1, 0) as gap_count,
        case
            when at_snapshot_on > at_gap_history_from
                then order_dates[at_snapshot_on] - order_dates[at_gap_history_from + 1]
            else 0
        end as gap_days,
        volumes_so_far[at_snapshot_on] - coalesce(volumes_so_far[at_recent_from], 0) as recent_volume,
        volumes_so_far[at_snapshot_on] - coalesce(volumes_so_far[at_usual_from], 0) as usual_volume,
        case when is_closed then at_outcome_to = at_snapshot_on end as is_churned
    from positioned
    where at_snapshot_on > at_active_from or at_snapshot_on > at_history_from
)

select
    slice,
    snapshot_on,
    is_closed,
    customer_id,
    is_dormant,
    days_since_order,
    order_count,
    gap_count,
    gap_days,
    recent_volume,
    usual_volume,
    is_churned
from seen
