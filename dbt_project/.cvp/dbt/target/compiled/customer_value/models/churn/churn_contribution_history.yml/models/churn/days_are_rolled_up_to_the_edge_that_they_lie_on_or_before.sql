-- One row per customer with a line in the 12 months before a recorded slice: what it had brought up to each edge of those
-- 12 months, so that those of any slice are a difference of two elements. Days are rolled up to the edges first: over all
-- order days the same look-ups took four times as long.
with  __dbt__cte__churn_slice as (

-- Fixture for churn_slice
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast('2025-06-30' as date)
 as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast(False as boolean)
 as "is_recorded", cast(null as integer) as "rates_from_slice", cast(null as integer) as "rates_to_slice", 
    
    cast('2024-06-30' as date)
 as "history_from", cast(null as date) as "gap_history_from", cast(null as date) as "active_from", cast(null as date) as "recent_from", cast(null as date) as "usual_from", cast(null as date) as "outcome_to"
union all
select 
    
    cast(1 as integer)
 as "slice", 
    
    cast('2025-01-01' as date)
 as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast(True as boolean)
 as "is_recorded", cast(null as integer) as "rates_from_slice", cast(null as integer) as "rates_to_slice", 
    
    cast('2024-01-01' as date)
 as "history_from", cast(null as date) as "gap_history_from", cast(null as date) as "active_from", cast(null as date) as "recent_from", cast(null as date) as "usual_from", cast(null as date) as "outcome_to"
union all
select 
    
    cast(2 as integer)
 as "slice", 
    
    cast('2024-12-02' as date)
 as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast(True as boolean)
 as "is_recorded", cast(null as integer) as "rates_from_slice", cast(null as integer) as "rates_to_slice", 
    
    cast('2023-12-02' as date)
 as "history_from", cast(null as date) as "gap_history_from", cast(null as date) as "active_from", cast(null as date) as "recent_from", cast(null as date) as "usual_from", cast(null as date) as "outcome_to"
),  __dbt__cte__int_customer_order_day as (

-- Fixture for int_customer_order_day
select 
    
    cast('a' as text)
 as "customer_id", 
    
    cast('2023-12-02' as date)
 as "ordered_on", 
    
    cast('1' as bigint)
 as "line_count", 
    
    cast('1' as numeric)
 as "volume", 
    
    cast('1' as numeric)
 as "revenue", 
    
    cast('1' as numeric)
 as "costed_revenue", 
    
    cast('1' as numeric)
 as "costed_margin", 
    
    cast('0' as bigint)
 as "uncosted_line_count", cast(null as numeric) as "premium_revenue", cast(null as numeric) as "new_product_revenue"
union all
select 
    
    cast('a' as text)
 as "customer_id", 
    
    cast('2023-12-03' as date)
 as "ordered_on", 
    
    cast('1' as bigint)
 as "line_count", 
    
    cast('2' as numeric)
 as "volume", 
    
    cast('20' as numeric)
 as "revenue", 
    
    cast('10' as numeric)
 as "costed_revenue", 
    
    cast('1' as numeric)
 as "costed_margin", 
    
    cast('1' as bigint)
 as "uncosted_line_count", cast(null as numeric) as "premium_revenue", cast(null as numeric) as "new_product_revenue"
union all
select 
    
    cast('a' as text)
 as "customer_id", 
    
    cast('2024-01-01' as date)
 as "ordered_on", 
    
    cast('1' as bigint)
 as "line_count", 
    
    cast('4' as numeric)
 as "volume", 
    
    cast('40' as numeric)
 as "revenue", 
    
    cast('40' as numeric)
 as "costed_revenue", 
    
    cast('2' as numeric)
 as "costed_margin", 
    
    cast('0' as bigint)
 as "uncosted_line_count", cast(null as numeric) as "premium_revenue", cast(null as numeric) as "new_product_revenue"
union all
select 
    
    cast('a' as text)
 as "customer_id", 
    
    cast('2024-12-02' as date)
 as "ordered_on", 
    
    cast('2' as bigint)
 as "line_count", 
    
    cast('8' as numeric)
 as "volume", 
    
    cast('80' as numeric)
 as "revenue", 
    
    cast('80' as numeric)
 as "costed_revenue", 
    
    cast('4' as numeric)
 as "costed_margin", 
    
    cast('0' as bigint)
 as "uncosted_line_count", cast(null as numeric) as "premium_revenue", cast(null as numeric) as "new_product_revenue"
union all
select 
    
    cast('a' as text)
 as "customer_id", 
    
    cast('2025-01-01' as date)
 as "ordered_on", 
    
    cast('1' as bigint)
 as "line_count", 
    
    cast('16' as numeric)
 as "volume", 
    
    cast('160' as numeric)
 as "revenue", 
    
    cast('160' as numeric)
 as "costed_revenue", 
    
    cast('8' as numeric)
 as "costed_margin", 
    
    cast('0' as bigint)
 as "uncosted_line_count", cast(null as numeric) as "premium_revenue", cast(null as numeric) as "new_product_revenue"
union all
select 
    
    cast('a' as text)
 as "customer_id", 
    
    cast('2025-01-02' as date)
 as "ordered_on", 
    
    cast('1' as bigint)
 as "line_count", 
    
    cast('32' as numeric)
 as "volume", 
    
    cast('320' as numeric)
 as "revenue", 
    
    cast('320' as numeric)
 as "costed_revenue", 
    
    cast('16' as numeric)
 as "costed_margin", 
    
    cast('0' as bigint)
 as "uncosted_line_count", cast(null as numeric) as "premium_revenue", cast(null as numeric) as "new_product_revenue"
union all
select 
    
    cast('b' as text)
 as "customer_id", 
    
    cast('2024-12-03' as date)
 as "ordered_on", 
    
    cast('1' as bigint)
 as "line_count", 
    
    cast('64' as numeric)
 as "volume", 
    
    cast('640' as numeric)
 as "revenue", 
    
    cast('0' as numeric)
 as "costed_revenue", 
    
    cast('0' as numeric)
 as "costed_margin", 
    
    cast('1' as bigint)
 as "uncosted_line_count", cast(null as numeric) as "premium_revenue", cast(null as numeric) as "new_product_revenue"
), edge as (
    select array_agg(distinct edge.day order by edge.day) as days
    from __dbt__cte__churn_slice as slice
    cross join lateral (values (slice.history_from), (slice.snapshot_on)) as edge (day)
    where slice.is_recorded
),

rolled as (
    select
        bought.customer_id,
        edge.days[1 + width_bucket(bought.ordered_on - 1, edge.days)] as closes_on,
        
            sum(bought.line_count) as line_count,
        
            sum(bought.volume) as volume,
        
            sum(bought.revenue) as revenue,
        
            sum(bought.costed_revenue) as costed_revenue,
        
            sum(bought.costed_margin) as costed_margin,
        
            sum(bought.uncosted_line_count) as uncosted_line_count
        
    from __dbt__cte__int_customer_order_day as bought
    cross join edge
    where bought.ordered_on > edge.days[1] and bought.ordered_on <= edge.days[cardinality(edge.days)]
    group by bought.customer_id, closes_on
),

running as (
    select
        customer_id,
        closes_on,
        
            sum(line_count) over so_far as line_count,
        
            sum(volume) over so_far as volume,
        
            sum(revenue) over so_far as revenue,
        
            sum(costed_revenue) over so_far as costed_revenue,
        
            sum(costed_margin) over so_far as costed_margin,
        
            sum(uncosted_line_count) over so_far as uncosted_line_count
        
    from rolled
    window so_far as (partition by customer_id order by closes_on rows unbounded preceding)
)

select
    customer_id,
    array_agg(closes_on order by closes_on) as edges,
    
        array_agg(line_count order by closes_on) as line_counts_so_far,
    
        array_agg(volume order by closes_on) as volumes_so_far,
    
        array_agg(revenue order by closes_on) as revenues_so_far,
    
        array_agg(costed_revenue order by closes_on) as costed_revenues_so_far,
    
        array_agg(costed_margin order by closes_on) as costed_margins_so_far,
    
        array_agg(uncosted_line_count order by closes_on) as uncosted_line_counts_so_far
    
from running
group by customer_id