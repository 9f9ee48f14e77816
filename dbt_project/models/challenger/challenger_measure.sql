-- One row per slice and customer with a line in the 12 months before it: sums of its events in windows up to the slice
-- (their lower ends outside). Every look-up is at the slice's date or before it.
{%- set kinds = ['order', 'volume', 'complaint', 'settled', 'severe', 'due', 'on_time', 'contact'] %}
select
    situation.slice,
    slice.snapshot_on,
    situation.customer_id,
    situation.is_churned,
    situation.days_since_order,
    situation.silence,
    situation.order_count,
    situation.rhythm,
    situation.trend,
    slice.snapshot_on - order_event.days[1] as tenure_days,
    {% for days in [90, 180, 365, 1095] %}
        {{ events_in_last('order', days) }} as orders_{{ days }}d,
    {% endfor %}
    {% for days in [90, 180, 365, 730] %}
        {{ events_in_last('volume', days) }} as volume_{{ days }}d,
    {% endfor %}
    {% for days in [90, 365] %}
        {{ events_in_last('complaint', days) }} as complaints_{{ days }}d,
        {{ events_in_last('due', days) }} as due_{{ days }}d,
        {{ events_in_last('on_time', days) }} as on_time_{{ days }}d,
        {{ events_in_last('contact', days) }} as contacts_{{ days }}d,
    {% endfor %}
    {{ events_in_last('severe', 180) }} as severe_180d,
    {{ events_up_to('complaint') }} - {{ events_up_to('settled') }} as open_complaints
from {{ ref('churn_situation') }} as situation
inner join {{ ref('churn_slice') }} as slice on situation.slice = slice.slice
{% for kind in kinds %}
    left join {{ ref('challenger_history') }} as {{ kind }}_event
        on situation.customer_id = {{ kind }}_event.customer_id and {{ kind }}_event.kind = '{{ kind }}'
{% endfor %}
