
  
    

  create  table "big"."churn"."churn_contribution__dbt_tmp"
  
  
    as
  
  (
    -- One row per recorded slice and customer with a line in the 12 months before it: what it brought in them.
with positioned as (
    select
        slice.slice,
        history.customer_id,
        width_bucket(slice.snapshot_on, history.edges) as at_snapshot_on,
        width_bucket(slice.history_from, history.edges) as at_history_from,
        
            history.line_counts_so_far,
        
            history.volumes_so_far,
        
            history.revenues_so_far,
        
            history.costed_revenues_so_far,
        
            history.costed_margins_so_far,
        
            history.uncosted_line_counts_so_far
        
    from "big"."churn"."churn_contribution_history" as history
    cross join "big"."slices"."churn_slice" as slice
    where slice.is_recorded
),

summed as (
    select
        slice,
        customer_id,
        
            line_counts_so_far[at_snapshot_on] - coalesce(line_counts_so_far[at_history_from], 0)
                as line_count_12m,
        
            volumes_so_far[at_snapshot_on] - coalesce(volumes_so_far[at_history_from], 0)
                as volume_12m,
        
            revenues_so_far[at_snapshot_on] - coalesce(revenues_so_far[at_history_from], 0)
                as revenue_12m,
        
            costed_revenues_so_far[at_snapshot_on] - coalesce(costed_revenues_so_far[at_history_from], 0)
                as costed_revenue_12m,
        
            costed_margins_so_far[at_snapshot_on] - coalesce(costed_margins_so_far[at_history_from], 0)
                as costed_margin_12m,
        
            uncosted_line_counts_so_far[at_snapshot_on] - coalesce(uncosted_line_counts_so_far[at_history_from], 0)
                as uncosted_line_count_12m
        
    from positioned
    where at_snapshot_on > at_history_from
)

select
    slice,
    customer_id,
    volume_12m,
    case
        when line_count_12m = 0 then 0
        when revenue_12m = 0 and uncosted_line_count_12m > 0 then null
        when revenue_12m = 0 then costed_margin_12m
        when costed_revenue_12m < revenue_12m * 0.5 then null
        else trim_scale((costed_margin_12m * revenue_12m) * 1.000000000000000000000000000000 / nullif(costed_revenue_12m, 0))
    end as margin_12m
from summed
  );
  