-- One row per predicted slice (0: the evaluated date) and cell that was seen in the slices closed before it, from coarse
-- to fine, and one for the dormant: how many were seen, how many of them churned, and the rate, drawn towards the
-- parent's. Bands that a grain does not use are null.
with  __dbt__cte__churn_slice as (

-- Fixture for churn_slice
select 
    
    cast(0 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast(False as boolean)
 as "is_recorded", 
    
    cast(1 as integer)
 as "rates_from_slice", 
    
    cast(2 as integer)
 as "rates_to_slice", cast(null as date) as "history_from", cast(null as date) as "gap_history_from", cast(null as date) as "active_from", cast(null as date) as "recent_from", cast(null as date) as "usual_from", cast(null as date) as "outcome_to"
union all
select 
    
    cast(1 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast(True as boolean)
 as "is_recorded", 
    
    cast(3 as integer)
 as "rates_from_slice", 
    
    cast(4 as integer)
 as "rates_to_slice", cast(null as date) as "history_from", cast(null as date) as "gap_history_from", cast(null as date) as "active_from", cast(null as date) as "recent_from", cast(null as date) as "usual_from", cast(null as date) as "outcome_to"
union all
select 
    
    cast(2 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast(False as boolean)
 as "is_recorded", 
    
    cast(4 as integer)
 as "rates_from_slice", 
    
    cast(5 as integer)
 as "rates_to_slice", cast(null as date) as "history_from", cast(null as date) as "gap_history_from", cast(null as date) as "active_from", cast(null as date) as "recent_from", cast(null as date) as "usual_from", cast(null as date) as "outcome_to"
),  __dbt__cte__churn_cell as (

-- Fixture for churn_cell
select 
    
    cast(1 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(7 as integer)
 as "silence_band", 
    
    cast(0 as integer)
 as "orders_band", 
    
    cast(2 as integer)
 as "rhythm_band", 
    
    cast(-1 as integer)
 as "trend_band", 
    
    cast(2 as bigint)
 as "seen", 
    
    cast(2 as bigint)
 as "churned"
union all
select 
    
    cast(1 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(7 as integer)
 as "silence_band", 
    
    cast(0 as integer)
 as "orders_band", 
    
    cast(2 as integer)
 as "rhythm_band", 
    
    cast(0 as integer)
 as "trend_band", 
    
    cast(1 as bigint)
 as "seen", 
    
    cast(1 as bigint)
 as "churned"
union all
select 
    
    cast(1 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(7 as integer)
 as "silence_band", 
    
    cast(0 as integer)
 as "orders_band", 
    
    cast(3 as integer)
 as "rhythm_band", 
    
    cast(0 as integer)
 as "trend_band", 
    
    cast(2 as bigint)
 as "seen", 
    
    cast(1 as bigint)
 as "churned"
union all
select 
    
    cast(2 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(7 as integer)
 as "silence_band", 
    
    cast(0 as integer)
 as "orders_band", 
    
    cast(3 as integer)
 as "rhythm_band", 
    
    cast(0 as integer)
 as "trend_band", 
    
    cast(1 as bigint)
 as "seen", 
    
    cast(0 as bigint)
 as "churned"
union all
select 
    
    cast(2 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(0 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(0 as integer)
 as "rhythm_band", 
    
    cast(0 as integer)
 as "trend_band", 
    
    cast(2 as bigint)
 as "seen", 
    
    cast(0 as bigint)
 as "churned"
union all
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(5 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(0 as integer)
 as "rhythm_band", 
    
    cast(0 as integer)
 as "trend_band", 
    
    cast(1 as bigint)
 as "seen", 
    
    cast(0 as bigint)
 as "churned"
union all
select 
    
    cast(2 as integer)
 as "slice", 
    
    cast(True as boolean)
 as "is_dormant", cast(null as integer) as "silence_band", cast(null as integer) as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", 
    
    cast(2 as bigint)
 as "seen", 
    
    cast(1 as bigint)
 as "churned"
union all
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast(True as boolean)
 as "is_dormant", cast(null as integer) as "silence_band", cast(null as integer) as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", 
    
    cast(1 as bigint)
 as "seen", 
    
    cast(0 as bigint)
 as "churned"
union all
select 
    
    cast(3 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(0 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(0 as integer)
 as "rhythm_band", 
    
    cast(0 as integer)
 as "trend_band", 
    
    cast(10 as bigint)
 as "seen", 
    
    cast(5 as bigint)
 as "churned"
),  __dbt__cte__churn_rule as (
select 10.0 as rate_prior_count, array[0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5] as silence_cuts
), counted as (
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
        
            
                coalesce(sum(cell.seen) filter (where not cell.is_dormant), 0)
                    as seen,
            
                coalesce(sum(cell.churned) filter (where not cell.is_dormant), 0)
                    as churned,
            
        
            
                coalesce(sum(cell.seen) filter (where cell.is_dormant), 0)
                    as dormant_seen,
            
                coalesce(sum(cell.churned) filter (where cell.is_dormant), 0)
                    as dormant_churned
            
        
    from __dbt__cte__churn_slice as predicted
    left join __dbt__cte__churn_cell as cell
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
    from __dbt__cte__churn_rule
),

base as (
    select
        for_slice,
        dormant_seen as seen,
        dormant_churned as churned,
        trim_scale((churned) * 1.000000000000000000000000000000 / nullif(seen, 0)) as rate
    from counted
    where grain = 'base'
),

silence as (
    select
        counted.for_slice,
        counted.silence_band,
        trim_scale(round(trim_scale((counted.churned + shrinkage.weight * base.rate) * 1.000000000000000000000000000000 / nullif(counted.seen + shrinkage.weight, 0)), 30)) as rate
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
        trim_scale(round(trim_scale((counted.churned + shrinkage.weight * silence.rate) * 1.000000000000000000000000000000 / nullif(counted.seen + shrinkage.weight, 0)), 30)) as rate
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
        else trim_scale(round(trim_scale((counted.churned + shrinkage.weight * orders.rate) * 1.000000000000000000000000000000 / nullif(counted.seen + shrinkage.weight, 0)), 30))
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
    trim_scale(round(trim_scale((base.churned + shrinkage.weight * coalesce(silence.rate, base.rate)) * 1.000000000000000000000000000000 / nullif(base.seen + shrinkage.weight, 0)), 30)) as rate
from base
cross join shrinkage
left join silence on base.for_slice = silence.for_slice and shrinkage.longest_silence_band = silence.silence_band