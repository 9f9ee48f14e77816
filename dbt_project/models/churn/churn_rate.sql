-- One row per predicted slice (0: the evaluated date) and cell that was seen in the slices closed before it, from coarse
-- to fine, and one for the dormant: how many were seen, how many of them churned, and the rate, drawn towards the
-- parent's. Bands that a grain does not use are null.
with counted as (
    select
        predicted.slice as for_slice,
        case
            when grouping(cell.trend_band) = 0 then 'trend'
            when grouping(cell.rhythm_band) = 0 then 'rhythm'
            when grouping(cell.orders_band) = 0 then 'orders'
            when grouping(cell.silence_band) = 0 then 'silence'
            else 'base'
        end as grain,
        cell.silence_band,
        cell.orders_band,
        cell.rhythm_band,
        cell.trend_band,
        {% for dormant in ['', 'dormant_'] %}
            {% for measure in ['seen', 'churned'] %}
                coalesce(sum(cell.{{ measure }}) filter (where {{ '' if dormant else 'not ' }}cell.is_dormant), 0)
                    as {{ dormant }}{{ measure }}{% if not (dormant and loop.last) %},{% endif %}
            {% endfor %}
        {% endfor %}
    from {{ ref('churn_slice') }} as predicted
    left join {{ ref('churn_cell') }} as cell
        on cell.slice between predicted.rates_from_slice and predicted.rates_to_slice
    where predicted.slice = 0 or predicted.is_recorded
    group by grouping sets (
        (predicted.slice),
        (predicted.slice, cell.silence_band),
        (predicted.slice, cell.silence_band, cell.orders_band),
        (predicted.slice, cell.silence_band, cell.orders_band, cell.rhythm_band),
        (predicted.slice, cell.silence_band, cell.orders_band, cell.trend_band)
    )
),

shrinkage as (
    select
        rate_prior_count as weight,
        cardinality(silence_cuts) as longest_silence_band
    from {{ ref('churn_rule') }}
),

base as (
    select
        for_slice,
        dormant_seen as seen,
        dormant_churned as churned,
        {{ safe_ratio('churned', 'seen') }} as rate
    from counted
    where grain = 'base'
),

silence as (
    select
        counted.for_slice,
        counted.silence_band,
        {{ shrunk_rate('counted', 'base.rate') }} as rate
    from counted
    inner join base on counted.for_slice = base.for_slice
    cross join shrinkage
    where counted.grain = 'silence'
),

orders as (
    select
        counted.for_slice,
        counted.silence_band,
        counted.orders_band,
        {{ shrunk_rate('counted', 'silence.rate') }} as rate
    from counted
    inner join silence on counted.for_slice = silence.for_slice and counted.silence_band = silence.silence_band
    cross join shrinkage
    where counted.grain = 'orders'
)

select
    counted.for_slice,
    counted.grain,
    counted.silence_band,
    counted.orders_band,
    counted.rhythm_band,
    counted.trend_band,
    counted.seen,
    counted.churned,
    case counted.grain
        when 'base' then base.rate
        when 'silence' then silence.rate
        when 'orders' then orders.rate
        else {{ shrunk_rate('counted', 'orders.rate') }}
    end as rate
from counted
inner join base on counted.for_slice = base.for_slice
cross join shrinkage
left join silence on counted.for_slice = silence.for_slice and counted.silence_band = silence.silence_band
left join orders
    on
        counted.for_slice = orders.for_slice
        and counted.silence_band = orders.silence_band
        and counted.orders_band = orders.orders_band
where counted.grain = 'base' or counted.seen > 0
union all
select
    base.for_slice,
    'dormant' as grain,
    null as silence_band,
    null as orders_band,
    null as rhythm_band,
    null as trend_band,
    base.seen,
    base.churned,
    {{ shrunk_rate('base', 'coalesce(silence.rate, base.rate)') }} as rate
from base
cross join shrinkage
left join silence on base.for_slice = silence.for_slice and shrinkage.longest_silence_band = silence.silence_band
