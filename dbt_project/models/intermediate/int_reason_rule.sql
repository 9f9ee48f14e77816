-- One row: the thresholds of the churn reasons, and the lower edges of their windows (themselves outside them).
{{ config(materialized='view') }}
{%- set parameters = [
    'manager_change_days', 'wallet_fall', 'family_order_days_at_least', 'stopped_gaps', 'contact_days',
    'contact_rate_share', 'delivery_days', 'on_time_quantity_share', 'on_time_rate_floor', 'on_time_rate_fall',
    'demand_fall', 'families_at_least', 'complaint_open_days', 'severe_from', 'severe_complaints',
    'severe_complaint_days', 'rhythm_at_least', 'trend_below', 'reasons_at_most', 'source_rows_at_most',
] %}
with parameter as (
    select
        {% for parameter in parameters %}
            max(value) filter (where parameter = '{{ parameter }}') as {{ parameter }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ ref('churn_reason_parameter') }}
)

select
    night.as_of_date,
    night.from_12m,
    night.as_of_date - cast(parameter.manager_change_days as integer) as manager_change_from,
    night.as_of_date - cast(parameter.contact_days as integer) as contact_from,
    night.as_of_date - cast(parameter.delivery_days as integer) as delivery_from,
    night.as_of_date - cast(parameter.severe_complaint_days as integer) as severe_complaint_from,
    {% for parameter in parameters %}
        parameter.{{ parameter }}{% if not loop.last %},{% endif %}
    {% endfor %}
from parameter
cross join {{ ref('stg_night') }} as night
