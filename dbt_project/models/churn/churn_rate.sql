-- One row per cell that was ever seen in a closed slice, from coarse to fine, and one for the dormant: how many were
-- seen, how many of them churned, and the rate, drawn towards the parent's. Bands that a grain does not use are null.
with counted as (
    select
        case
            when grouping(trend_band) = 0 then 'trend'
            when grouping(rhythm_band) = 0 then 'rhythm'
            when grouping(orders_band) = 0 then 'orders'
            when grouping(silence_band) = 0 then 'silence'
            else 'base'
        end as grain,
        silence_band,
        orders_band,
        rhythm_band,
        trend_band,
        count(*) as seen,
        count(*) filter (where is_churned) as churned
    from {{ ref('churn_situation') }}
    where is_closed
    group by grouping sets (
        (),
        (silence_band),
        (silence_band, orders_band),
        (silence_band, orders_band, rhythm_band),
        (silence_band, orders_band, trend_band)
    )
),

shrinkage as (
    select
        rate_prior_count as weight,
        cardinality(silence_cuts) as longest_silence_band
    from {{ ref('churn_rule') }}
),

base as (
    select {{ safe_ratio('churned', 'seen') }} as rate
    from counted
    where grain = 'base'
),

silence as (
    select
        counted.silence_band,
        {{ shrunk_rate('counted', 'base.rate') }} as rate
    from counted
    cross join base
    cross join shrinkage
    where counted.grain = 'silence'
),

orders as (
    select
        counted.silence_band,
        counted.orders_band,
        {{ shrunk_rate('counted', 'silence.rate') }} as rate
    from counted
    inner join silence on counted.silence_band = silence.silence_band
    cross join shrinkage
    where counted.grain = 'orders'
),

dormant as (
    select
        count(*) as seen,
        count(*) filter (where is_churned) as churned
    from {{ ref('churn_snapshot') }}
    where is_closed and is_dormant
)

select
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
cross join base
cross join shrinkage
left join silence on counted.silence_band = silence.silence_band
left join orders on counted.silence_band = orders.silence_band and counted.orders_band = orders.orders_band
union all
select
    'dormant' as grain,
    null as silence_band,
    null as orders_band,
    null as rhythm_band,
    null as trend_band,
    dormant.seen,
    dormant.churned,
    {{ shrunk_rate('dormant', 'coalesce(silence.rate, base.rate)') }} as rate
from dormant
cross join base
cross join shrinkage
left join silence on shrinkage.longest_silence_band = silence.silence_band
