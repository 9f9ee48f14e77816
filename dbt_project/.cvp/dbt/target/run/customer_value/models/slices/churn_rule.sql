
  create view "big"."slices"."churn_rule__dbt_tmp"
    
    
  as (
    -- One row: the parameters and the cuts of the churn table, as columns.

with parameter as (
    select
        
            max(value) filter (where parameter = 'slices_at_most') as slices_at_most,
        
            max(value) filter (where parameter = 'slice_step_days') as slice_step_days,
        
            max(value) filter (where parameter = 'history_months') as history_months,
        
            max(value) filter (where parameter = 'gap_history_months') as gap_history_months,
        
            max(value) filter (where parameter = 'recent_days') as recent_days,
        
            max(value) filter (where parameter = 'usual_days') as usual_days,
        
            max(value) filter (where parameter = 'gap_prior_count') as gap_prior_count,
        
            max(value) filter (where parameter = 'rate_prior_count') as rate_prior_count,
        
            max(value) filter (where parameter = 'customer_slices_at_least') as customer_slices_at_least,
        
            max(value) filter (where parameter = 'slices_at_least') as slices_at_least,
        
            max(value) filter (where parameter = 'unvalidated_high_rhythm') as unvalidated_high_rhythm,
        
            max(value) filter (where parameter = 'unvalidated_medium_rhythm') as unvalidated_medium_rhythm,
        
            max(value) filter (where parameter = 'lift_share') as lift_share,
        
            max(value) filter (where parameter = 'calibration_bins') as calibration_bins,
        
            max(value) filter (where parameter = 'interval_deviations') as interval_deviations
        
    from "big"."rules"."churn_parameter"
),

cut as (
    select
        
            array_agg(cast(cut as double precision) order by cut) filter (where feature = 'silence')
                as silence_cuts,
        
            array_agg(cast(cut as double precision) order by cut) filter (where feature = 'orders')
                as orders_cuts,
        
            array_agg(cast(cut as double precision) order by cut) filter (where feature = 'rhythm')
                as rhythm_cuts,
        
            array_agg(cast(cut as double precision) order by cut) filter (where feature = 'trend')
                as trend_cuts
        
    from "big"."rules"."churn_band"
)

select
    
        parameter.slices_at_most,
    
        parameter.slice_step_days,
    
        parameter.history_months,
    
        parameter.gap_history_months,
    
        parameter.recent_days,
    
        parameter.usual_days,
    
        parameter.gap_prior_count,
    
        parameter.rate_prior_count,
    
        parameter.customer_slices_at_least,
    
        parameter.slices_at_least,
    
        parameter.unvalidated_high_rhythm,
    
        parameter.unvalidated_medium_rhythm,
    
        parameter.lift_share,
    
        parameter.calibration_bins,
    
        parameter.interval_deviations,
    
    cut.silence_cuts,
    cut.orders_cuts,
    cut.rhythm_cuts,
    cut.trend_cuts
from parameter
cross join cut
  );