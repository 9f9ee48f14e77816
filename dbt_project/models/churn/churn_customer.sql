-- One row per customer: the probability that it places no order inside the horizon, how that is known, and its level.
with closed as (
    select count(*) as slice_count
    from {{ ref('churn_slice') }}
    where is_closed
),

base as (
    select
        rate.rate,
        rate.seen >= churn_rule.customer_slices_at_least
        and closed.slice_count >= churn_rule.slices_at_least as is_validated
    from {{ ref('churn_rate') }} as rate
    cross join {{ ref('churn_rule') }} as churn_rule
    cross join closed
    where rate.grain = 'base'
),

current_rate as (
    select
        situation.customer_id,
        situation.rhythm,
        coalesce(orders.rate, silence.rate, base.rate) as parent_rate,
        rhythm.rate as rhythm_rate,
        trend.rate as trend_rate
    from {{ ref('churn_situation') }} as situation
    cross join base
    {% for grain, bands in {
        'silence': ['silence'],
        'orders': ['silence', 'orders'],
        'rhythm': ['silence', 'orders', 'rhythm'],
        'trend': ['silence', 'orders', 'trend'],
    }.items() %}
        left join {{ ref('churn_rate') }} as {{ grain }}
            on
                {{ grain }}.grain = '{{ grain }}'
                {% for band in bands %}
                    and situation.{{ band }}_band = {{ grain }}.{{ band }}_band
                {% endfor %}
    {% endfor %}
    where not situation.is_closed
),

placed as (
    select
        customer.customer_id,
        current_rate.rhythm,
        case
            when not customer.is_active then 'not_active'
            when current_rate.customer_id is null then 'dormant'
            when base.is_validated then 'validated'
            else 'unvalidated'
        end as churn_status,
        case
            when not customer.is_active or not base.is_validated then null
            when current_rate.customer_id is null then dormant.rate
            else
                (
                    coalesce(current_rate.rhythm_rate, current_rate.parent_rate)
                    + coalesce(current_rate.trend_rate, current_rate.parent_rate)
                ) / 2
        end as probability,
        base.rate as base_rate
    from {{ ref('int_customer') }} as customer
    cross join base
    inner join {{ ref('churn_rate') }} as dormant on dormant.grain = 'dormant'
    left join current_rate on customer.customer_id = current_rate.customer_id
),

-- odds compared without dividing; 20 decimals, because rates are rounded to 30
weighed as (
    select
        placed.customer_id,
        placed.rhythm,
        placed.churn_status,
        placed.probability,
        placed.base_rate,
        {% for level in ['high', 'medium'] %}
            round(
                placed.probability * (1 - placed.base_rate)
                - night.churn_{{ level }}_odds * placed.base_rate * (1 - placed.probability), 20
            ) >= 0 as is_{{ level }}_odds{% if not loop.last %},{% endif %}
        {% endfor %}
    from placed
    cross join {{ ref('stg_night') }} as night
)

select
    weighed.customer_id,
    cast(weighed.probability as double precision) as churn_probability,
    weighed.churn_status,
    case
        when weighed.churn_status = 'not_active' then null
        when weighed.probability is null and weighed.churn_status = 'dormant' then 'high'
        when weighed.probability is null and weighed.rhythm >= churn_rule.unvalidated_high_rhythm then 'high'
        when weighed.probability is null and weighed.rhythm >= churn_rule.unvalidated_medium_rhythm then 'medium'
        when weighed.probability is null or weighed.base_rate = 0 then 'low'
        when weighed.is_high_odds then 'high'
        when weighed.is_medium_odds then 'medium'
        else 'low'
    end as churn_risk_level
from weighed
cross join {{ ref('churn_rule') }} as churn_rule
