-- One row per active customer, reason code and clause of its signal that the customer shows, flagged or not.
{%- set codes = [
    'manager_changed', 'competitor_gain', 'contact_lapsed', 'promises_broken', 'customer_contracts',
    'complaint_unresolved', 'rhythm_broken', 'volume_falling',
] %}
with shown as (
    {% for code in codes %}
        select
            customer_id,
            '{{ code }}' as reason_code,
            clause,
            sentence,
            severity,
            figures,
            source_rows
        from {{ ref('reason_' ~ code) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

active as (
    select count(*) as customer_count
    from {{ ref('int_customer_window') }}
)

select
    shown.customer_id,
    shown.reason_code,
    shown.clause,
    shown.sentence,
    shown.severity,
    -- the default frame counts those as severe too
    count(*) over (partition by shown.reason_code, shown.clause order by shown.severity desc) as as_severe_count,
    -- what few show says more than what many show: comparable over all signals, whatever their units are
    1 - {{ safe_ratio(
        'count(*) over (partition by shown.reason_code, shown.clause order by shown.severity desc)',
        'active.customer_count'
    ) }} as strength,
    shown.figures,
    shown.source_rows
from shown
cross join active
