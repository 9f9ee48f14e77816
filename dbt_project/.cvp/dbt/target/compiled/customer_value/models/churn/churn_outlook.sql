-- One row per predicted slice (0: the evaluated date) and combination of bands that its customers are in, and one for its
-- dormant customers: the probability by the table of cells (null where too little is closed), and the probabilities at
-- which the levels begin: those whose odds are so many times the base rate's.
with learnt as (
    select
        predicted.slice,
        count(closed.slice) as slice_count
    from "big"."slices"."churn_slice" as predicted
    left join "big"."slices"."churn_slice" as closed
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
        
            round(trim_scale((night.churn_high_odds * rate.rate) * 1.000000000000000000000000000000 / nullif(1 - rate.rate + night.churn_high_odds * rate.rate, 0)), 20) as high_from,
        
            round(trim_scale((night.churn_medium_odds * rate.rate) * 1.000000000000000000000000000000 / nullif(1 - rate.rate + night.churn_medium_odds * rate.rate, 0)), 20) as medium_from
        
    from learnt
    inner join "big"."churn"."churn_rate" as rate on learnt.slice = rate.for_slice and rate.grain = 'base'
    cross join "big"."slices"."churn_rule" as churn_rule
    cross join "big"."staging"."stg_night" as night
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
    from "big"."churn"."churn_cell" as cell
    inner join base on cell.slice = base.slice
    inner join "big"."churn"."churn_rate" as dormant on cell.slice = dormant.for_slice and dormant.grain = 'dormant'
    
        left join "big"."churn"."churn_rate" as silence
            on
                cell.slice = silence.for_slice
                and silence.grain = 'silence'
                
                    and cell.silence_band = silence.silence_band
                
    
        left join "big"."churn"."churn_rate" as orders
            on
                cell.slice = orders.for_slice
                and orders.grain = 'orders'
                
                    and cell.silence_band = orders.silence_band
                
                    and cell.orders_band = orders.orders_band
                
    
        left join "big"."churn"."churn_rate" as rhythm
            on
                cell.slice = rhythm.for_slice
                and rhythm.grain = 'rhythm'
                
                    and cell.silence_band = rhythm.silence_band
                
                    and cell.orders_band = rhythm.orders_band
                
                    and cell.rhythm_band = rhythm.rhythm_band
                
    
        left join "big"."churn"."churn_rate" as trend
            on
                cell.slice = trend.for_slice
                and trend.grain = 'trend'
                
                    and cell.silence_band = trend.silence_band
                
                    and cell.orders_band = trend.orders_band
                
                    and cell.trend_band = trend.trend_band
                
    
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
        else (coalesce(rhythm_rate, parent_rate) + coalesce(trend_rate, parent_rate)) / 2
    end as probability
from rated