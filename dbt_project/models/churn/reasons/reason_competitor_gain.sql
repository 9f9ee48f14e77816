-- One row per active customer and clause: its share of wallet fell while its demand did not (`share_fell`), or a product
-- family stopped while others, bought since, go on (`family_stopped`, the one silent for the most of its usual gaps).
{{ config(materialized='view') }}

with demand as (
    select
        customer.customer_id,
        estimate.demand_year,
        estimate.total_demand_quantity as demand,
        estimate.prior_total_demand_quantity as prior_demand,
        least(customer.volume_12m, estimate.total_demand_quantity) as supplied_quantity,
        least(customer.volume_prior_12m, estimate.prior_total_demand_quantity) as prior_supplied_quantity
    from {{ ref('int_customer_window') }} as customer
    inner join {{ ref('int_customer_demand') }} as estimate on customer.customer_id = estimate.customer_id
    where estimate.total_demand_quantity >= estimate.prior_total_demand_quantity
),

-- compared without dividing: a fall of exactly ten points counts
share_fell as (
    select
        demand.customer_id,
        demand.demand_year,
        demand.demand,
        demand.prior_demand,
        {{ safe_ratio('demand.supplied_quantity', 'demand.demand') }} as share_of_wallet,
        {{ safe_ratio('demand.prior_supplied_quantity', 'demand.prior_demand') }} as prior_share_of_wallet
    from demand
    cross join {{ ref('int_reason_rule') }} as rule
    where
        demand.prior_supplied_quantity * demand.demand - demand.supplied_quantity * demand.prior_demand
        >= rule.wallet_fall * demand.demand * demand.prior_demand
),

rhythmic as (
    select
        family.customer_id,
        family.product_family,
        family.last_line_on,
        rule.as_of_date - family.last_line_on as silent_days,
        {{ safe_ratio('family.last_line_on - family.first_line_on', 'family.order_day_count - 1') }} as usual_gap_days,
        (rule.as_of_date - family.last_line_on) * (family.order_day_count - 1)
        >= rule.stopped_gaps * (family.last_line_on - family.first_line_on) as is_stopped
    from {{ ref('int_customer_family') }} as family
    cross join {{ ref('int_reason_rule') }} as rule
    where family.order_day_count >= rule.family_order_days_at_least and family.last_line_on > rule.from_12m
),

stopped as (
    select
        customer_id,
        product_family,
        silent_days,
        usual_gap_days,
        trim_scale(round({{ safe_ratio('silent_days', 'usual_gap_days') }}, 20)) as gaps,
        is_stopped,
        count(*) filter (where is_stopped) over (partition by customer_id) as families_stopped,
        count(*) filter (where not is_stopped) over (
            partition by customer_id
            order by last_line_on desc groups between unbounded preceding and 1 preceding
        ) as families_going_on
    from rhythmic
),

longest as (
    select
        stopped.customer_id,
        stopped.product_family,
        stopped.silent_days,
        stopped.usual_gap_days,
        stopped.gaps,
        stopped.families_stopped,
        stopped.families_going_on,
        row_number() over (
            partition by stopped.customer_id order by stopped.gaps desc, {{ bytewise('stopped.product_family') }}
        ) as place
    from stopped
    inner join {{ ref('int_customer_window') }} as customer on stopped.customer_id = customer.customer_id
    where stopped.is_stopped and stopped.families_going_on > 0
)

select
    customer_id,
    'share_fell' as clause,
    'share_fell' as sentence,
    trim_scale(round(prior_share_of_wallet - share_of_wallet, 20)) as severity,
    jsonb_build_object(
        'demand_year', demand_year,
        'demand', trim_scale(round(demand, 3)),
        'prior_demand', trim_scale(round(prior_demand, 3)),
        'share_of_wallet', trim_scale(round(share_of_wallet, 4)),
        'prior_share_of_wallet', trim_scale(round(prior_share_of_wallet, 4))
    ) as figures,
    jsonb_build_object(
        'demand_estimate', jsonb_build_array(customer_id || '/' || demand_year, customer_id || '/' || demand_year - 1)
    ) as source_rows
from share_fell
union all
select
    customer_id,
    'family_stopped' as clause,
    'family_stopped' as sentence,
    gaps as severity,
    jsonb_build_object(
        'product_family', product_family,
        'silent_days', silent_days,
        'usual_gap_days', trim_scale(round(usual_gap_days, 1)),
        'families_stopped', families_stopped,
        'families_going_on', families_going_on
    ) as figures,
    jsonb_build_object() as source_rows
from longest
where place = 1
