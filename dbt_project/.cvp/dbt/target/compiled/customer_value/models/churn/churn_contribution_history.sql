-- One row per customer with a line in the 12 months before a recorded slice: what it had brought up to each edge of those
-- 12 months, so that those of any slice are a difference of two elements. Days are rolled up to the edges first: over all
-- order days the same look-ups took four times as long.
with edge as (
    select array_agg(distinct edge.day order by edge.day) as days
    from "big"."slices"."churn_slice" as slice
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
        
    from "big"."intermediate"."int_customer_order_day" as bought
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