-- One row per customer: who it is, what it is worth, its tier, its ranks and its churn risk on the evaluated date.
with reasons as (
    select
        customer_id,
        string_agg(reason_code, ',' order by reason_rank) as churn_reasons
    from {{ ref('reason_customer') }}
    group by customer_id
)

select
    night.as_of_date,
    customer.customer_id,
    customer.customer_name,
    customer.industry,
    customer.region,
    customer.sales_department,
    customer.salesperson_id,
    customer.account_manager_id,
    customer.is_active,
    lifecycle.lifecycle_stage,
    tiered.tier,
    tiered.tier_computed,
    tiered.tier_raw,
    tiered.previous_tier,
    tiered.tier_since_on,
    tiered.tier_movement,
    support.tier_support,
    tiered.override_reason,
    tiered.override_expires_on,
    score.value_score,
    score.current_value_score,
    score.potential_value_score,
    score.value_score_low,
    score.value_score_high,
    score.coverage,
    score.value_quadrant,
    ranked.company_rank,
    ranked.segment_rank,
    ranked.department_rank,
    ranked.salesperson_rank,
    cast(coalesce(sales.revenue_12m, 0) as numeric(38, 18)) as revenue_12m,
    -- no line at all is a margin of 0; unknown costs are a margin unknown
    cast(case when sales.customer_id is null then 0 else sales.margin_12m end as numeric(38, 18)) as gross_margin_12m,
    cast(coalesce(sales.volume_12m, 0) as numeric(38, 18)) as volume_12m,
    cast(tiered.margin_share as numeric(38, 18)) as margin_share,
    cast(tiered.volume_share as numeric(38, 18)) as volume_share,
    cast(tiered.cumulative_margin_share as numeric(38, 18)) as cumulative_margin_share,
    cast(tiered.cumulative_volume_share as numeric(38, 18)) as cumulative_volume_share,
    cast(sales.cost_coverage_12m as numeric(38, 18)) as cost_coverage,
    tiered.is_margin_imputed,
    tiered.is_core_by_intersection,
    tiered.is_core_by_top_20,
    churn.churn_probability,
    churn.churn_status,
    churn.churn_risk_level,
    coalesce(cast(night.churn_model_version as text), 'cells') as churn_model_version,
    reasons.churn_reasons,
    coalesce(line.is_tier_uncertain, false) as is_tier_uncertain,
    night.calibration_version,
    night.run_id,
    support.flip_indicator_id,
    support.flip_weight_from,
    support.flip_weight_to,
    support.flip_tier,
    kind.judgement_set
from {{ ref('int_customer') }} as customer
cross join {{ ref('stg_night') }} as night
inner join {{ ref('customer_lifecycle') }} as lifecycle on customer.customer_id = lifecycle.customer_id
inner join {{ ref('customer_judgement_set') }} as kind on customer.customer_id = kind.customer_id
inner join {{ ref('tier_customer') }} as tiered on customer.customer_id = tiered.customer_id
left join {{ ref('tier_line') }} as line on customer.customer_id = line.customer_id
inner join {{ ref('churn_customer') }} as churn on customer.customer_id = churn.customer_id
left join {{ ref('int_customer_sales') }} as sales on customer.customer_id = sales.customer_id
left join {{ ref('score_customer') }} as score on customer.customer_id = score.customer_id
left join {{ ref('score_rank') }} as ranked on customer.customer_id = ranked.customer_id
left join reasons on customer.customer_id = reasons.customer_id
left join {{ source('control', 'tier_support') }} as support
    on customer.customer_id = support.customer_id and night.run_id = support.run_id
