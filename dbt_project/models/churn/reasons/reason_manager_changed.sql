-- One row per active customer whose account manager changed lately: another one than before took over. A customer's
-- first manager is no change, and neither is an assignment of the same person renewed.
{{ config(materialized='view') }}

with taken_over as (
    select
        customer_id,
        valid_from_on,
        account_manager_id,
        lag(account_manager_id) over (partition by customer_id order by valid_from_on) as from_manager,
        lag(valid_from_on) over (partition by customer_id order by valid_from_on) as from_valid_from_on
    from {{ ref('int_account_assignment') }}
),

changed as (
    select
        taken_over.customer_id,
        taken_over.valid_from_on,
        taken_over.account_manager_id,
        taken_over.from_manager,
        taken_over.from_valid_from_on,
        rule.manager_change_days,
        count(*) over (partition by taken_over.customer_id) as change_count,
        row_number() over (partition by taken_over.customer_id order by taken_over.valid_from_on desc) as recency
    from taken_over
    cross join {{ ref('int_reason_rule') }} as rule
    where
        taken_over.valid_from_on > rule.manager_change_from
        and taken_over.account_manager_id <> taken_over.from_manager
)

select
    changed.customer_id,
    'changed' as clause,
    case when changed.change_count = 1 then 'changed' else 'changed_often' end as sentence,
    cast(changed.change_count as numeric) as severity,
    jsonb_build_object(
        'changes', changed.change_count,
        'window_days', changed.manager_change_days,
        'changed_on', changed.valid_from_on,
        'from_manager', changed.from_manager,
        'to_manager', changed.account_manager_id
    ) as figures,
    jsonb_build_object(
        'account_assignment', jsonb_build_array(
            changed.customer_id || '/' || changed.valid_from_on, changed.customer_id || '/' || changed.from_valid_from_on
        )
    ) as source_rows
from changed
inner join {{ ref('int_customer_window') }} as customer on changed.customer_id = customer.customer_id
where changed.recency = 1
