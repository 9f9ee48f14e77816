-- One row: the parameters and the cuts of the churn table, as columns.
{{ config(materialized='view') }}
{%- set parameters = [
    'slices_at_most', 'slice_step_days', 'history_months', 'gap_history_months', 'recent_days', 'usual_days',
    'gap_prior_count', 'rate_prior_count', 'customer_slices_at_least', 'slices_at_least',
    'unvalidated_high_rhythm', 'unvalidated_medium_rhythm', 'lift_share', 'calibration_bins', 'interval_deviations'
] %}
with parameter as (
    select
        {% for parameter in parameters %}
            max(value) filter (where parameter = '{{ parameter }}') as {{ parameter }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ ref('churn_parameter') }}
),

cut as (
    select
        {% for feature in ['silence', 'orders', 'rhythm', 'trend'] %}
            array_agg(cast(cut as double precision) order by cut) filter (where feature = '{{ feature }}')
                as {{ feature }}_cuts{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ ref('churn_band') }}
)

select
    {% for parameter in parameters %}
        parameter.{{ parameter }},
    {% endfor %}
    cut.silence_cuts,
    cut.orders_cuts,
    cut.rhythm_cuts,
    cut.trend_cuts
from parameter
cross join cut
