-- One row per customer with a line in the 12 months before a recorded slice: what it had brought up to each edge of those
-- 12 months, so that those of any slice are a difference of two elements. Days are rolled up to the edges first: over all
-- order days the same look-ups took four times as long.
{%- set measures = ['line_count', 'volume', 'revenue', 'costed_revenue', 'costed_margin', 'uncosted_line_count'] %}
with edge as (
    select array_agg(distinct edge.day order by edge.day) as days
    from {{ ref('churn_slice') }} as slice
    cross join lateral (values (slice.history_from), (slice.snapshot_on)) as edge (day)
    where slice.is_recorded
),

rolled as (
    select
        bought.customer_id,
        edge.days[1 + {{ last_at_or_before('bought.ordered_on - 1', 'edge.days') }}] as closes_on,
        {% for measure in measures %}
            sum(bought.{{ measure }}) as {{ measure }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ ref('int_customer_order_day') }} as bought
    cross join edge
    where bought.ordered_on > edge.days[1] and bought.ordered_on <= edge.days[cardinality(edge.days)]
    group by bought.customer_id, closes_on
),

running as (
    select
        customer_id,
        closes_on,
        {% for measure in measures %}
            sum({{ measure }}) over so_far as {{ measure }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from rolled
    window so_far as (partition by customer_id order by closes_on rows unbounded preceding)
)

select
    customer_id,
    array_agg(closes_on order by closes_on) as edges,
    {% for measure in measures %}
        array_agg({{ measure }} order by closes_on) as {{ measure }}s_so_far{% if not loop.last %},{% endif %}
    {% endfor %}
from running
group by customer_id
