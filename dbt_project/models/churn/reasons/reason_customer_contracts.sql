-- One row per active customer and clause: its total demand fell (`demand_down`), or all its product families went down
-- together (`families_down`: each that it bought in 24m less in 12m than in the 12 months before).
{{ config(materialized='view') }}

with demand_down as (
    select
        estimate.customer_id,
        estimate.demand_year,
        estimate.total_demand_quantity as demand,
        estimate.prior_total_demand_quantity as prior_demand
    from {{ ref('int_customer_demand') }} as estimate
    inner join {{ ref('int_customer_window') }} as customer on estimate.customer_id = customer.customer_id
    cross join {{ ref('int_reason_rule') }} as rule
    where estimate.total_demand_quantity <= (1 - rule.demand_fall) * estimate.prior_total_demand_quantity
),

families_down as (
    select
        family.customer_id,
        count(*) as family_count,
        sum(family.volume_12m) as volume,
        sum(family.volume_prior_12m) as prior_volume
    from {{ ref('int_customer_family') }} as family
    inner join {{ ref('int_customer_window') }} as customer on family.customer_id = customer.customer_id
    cross join {{ ref('int_reason_rule') }} as rule
    group by family.customer_id, rule.families_at_least
    having count(*) >= rule.families_at_least and bool_and(family.volume_12m < family.volume_prior_12m)
)

select
    customer_id,
    'demand_down' as clause,
    'demand_down' as sentence,
    trim_scale(round(1 - {{ safe_ratio('demand', 'prior_demand') }}, 20)) as severity,
    jsonb_build_object(
        'demand_year', demand_year,
        'demand', trim_scale(round(demand, 3)),
        'prior_demand', trim_scale(round(prior_demand, 3)),
        'demand_fall', trim_scale(round(1 - {{ safe_ratio('demand', 'prior_demand') }}, 4))
    ) as figures,
    jsonb_build_object(
        'demand_estimate', jsonb_build_array(customer_id || '/' || demand_year, customer_id || '/' || demand_year - 1)
    ) as source_rows
from demand_down
union all
select
    customer_id,
    'families_down' as clause,
    'families_down' as sentence,
    trim_scale(round(1 - {{ safe_ratio('volume', 'prior_volume') }}, 20)) as severity,
    jsonb_build_object(
        'families', family_count,
        'volume_12m', trim_scale(round(volume, 3)),
        'volume_prior_12m', trim_scale(round(prior_volume, 3)),
        'volume_fall', trim_scale(round(1 - {{ safe_ratio('volume', 'prior_volume') }}, 4))
    ) as figures,
    jsonb_build_object() as source_rows
from families_down
