-- One row per predicted slice (0: the evaluated date) and combination of bands that its customers are in, and one for its
-- dormant customers: the probability by the table of cells (null where too little is closed), and the probabilities at
-- which the levels begin: those whose odds are so many times the base rate's.
with learnt as (
    select
        predicted.slice,
        count(closed.slice) as slice_count
    from {{ ref('churn_slice') }} as predicted
    left join {{ ref('churn_slice') }} as closed
        on closed.slice between predicted.rates_from_slice and predicted.rates_to_slice
    where predicted.slice = 0 or predicted.is_recorded
    group by predicted.slice
),

base as (
    select
        learnt.slice,
        rate.rate as base_rate,
        rate.seen >= churn_rule.customer_slices_at_least
        and learnt.slice_count >= churn_rule.slices_at_least as is_validated,
        {% for level in ['high', 'medium'] %}
            trim_scale(round({{ safe_ratio(
                'night.churn_' ~ level ~ '_odds * rate.rate',
                '1 - rate.rate + night.churn_' ~ level ~ '_odds * rate.rate'
            ) }}, 20)) as {{ level }}_from{% if not loop.last %},{% endif %}
        {% endfor %}
    from learnt
    inner join {{ ref('churn_rate') }} as rate on learnt.slice = rate.for_slice and rate.grain = 'base'
    cross join {{ ref('churn_rule') }} as churn_rule
    cross join {{ ref('stg_night') }} as night
),

rated as (
    select
        cell.slice,
        cell.is_dormant,
        cell.silence_band,
        cell.orders_band,
        cell.rhythm_band,
        cell.trend_band,
        base.base_rate,
        base.high_from,
        base.medium_from,
        base.is_validated,
        coalesce(orders.rate, silence.rate, base.base_rate) as parent_rate,
        rhythm.rate as rhythm_rate,
        trend.rate as trend_rate,
        dormant.rate as dormant_rate
    from {{ ref('churn_cell') }} as cell
    inner join base on cell.slice = base.slice
    inner join {{ ref('churn_rate') }} as dormant on cell.slice = dormant.for_slice and dormant.grain = 'dormant'
    {% for grain, bands in {
        'silence': ['silence'],
        'orders': ['silence', 'orders'],
        'rhythm': ['silence', 'orders', 'rhythm'],
        'trend': ['silence', 'orders', 'trend'],
    }.items() %}
        left join {{ ref('churn_rate') }} as {{ grain }}
            on
                cell.slice = {{ grain }}.for_slice
                and {{ grain }}.grain = '{{ grain }}'
                {% for band in bands %}
                    and cell.{{ band }}_band = {{ grain }}.{{ band }}_band
                {% endfor %}
    {% endfor %}
)

select
    slice,
    is_dormant,
    silence_band,
    orders_band,
    rhythm_band,
    trend_band,
    base_rate,
    high_from,
    medium_from,
    is_validated,
    case
        when not is_validated then null
        when is_dormant then dormant_rate
        else trim_scale((coalesce(rhythm_rate, parent_rate) + coalesce(trend_rate, parent_rate)) / 2)
    end as probability
from rated
