-- One row per recorded slice and customer with a line in the 12 months before it: what it brought in them.
{%- set measures = ['line_count', 'volume', 'revenue', 'costed_revenue', 'costed_margin', 'uncosted_line_count'] %}
with positioned as (
    select
        slice.slice,
        history.customer_id,
        {{ last_at_or_before('slice.snapshot_on', 'history.edges') }} as at_snapshot_on,
        {{ last_at_or_before('slice.history_from', 'history.edges') }} as at_history_from,
        {% for measure in measures %}
            history.{{ measure }}s_so_far{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ ref('churn_contribution_history') }} as history
    cross join {{ ref('churn_slice') }} as slice
    where slice.is_recorded
),

summed as (
    select
        slice,
        customer_id,
        {% for measure in measures %}
            {{ measure }}s_so_far[at_snapshot_on] - coalesce({{ measure }}s_so_far[at_history_from], 0)
                as {{ measure }}_12m{% if not loop.last %},{% endif %}
        {% endfor %}
    from positioned
    where at_snapshot_on > at_history_from
)

select
    slice,
    customer_id,
    volume_12m,
    {{ margin('12m') }} as margin_12m
from summed
