-- One row per active customer with too little contact: none in the recent days, or half or less of its 12m rate.
-- Where no interaction of anybody is known there is no such reason.
{{ config(materialized='view') }}

with contacted as (
    select
        interaction.customer_id,
        count(*) filter (where interaction.occurred_on > rule.contact_from) as recent_count,
        count(*) filter (where interaction.occurred_on > rule.from_12m) as count_12m,
        max(interaction.occurred_on) as last_on
    from {{ ref('int_interaction') }} as interaction
    cross join {{ ref('int_reason_rule') }} as rule
    group by interaction.customer_id
),

known as (
    select
        customer.customer_id,
        coalesce(contacted.recent_count, 0) as recent_count,
        coalesce(contacted.count_12m, 0) as count_12m,
        contacted.last_on,
        coalesce(contacted.count_12m, 0) * rule.contact_days as usual_count_in_days,
        rule.as_of_date - rule.from_12m as days_12m,
        rule.as_of_date - contacted.last_on as silent_days,
        rule.contact_days,
        rule.contact_rate_share
    from {{ ref('int_customer_window') }} as customer
    cross join {{ ref('int_reason_rule') }} as rule
    inner join {{ ref('int_supplied_entity') }} as supplied on supplied.entity = 'interaction' and supplied.is_supplied
    left join contacted on customer.customer_id = contacted.customer_id
),

newest as (
    select
        interaction.customer_id,
        jsonb_agg(interaction.interaction_id order by interaction.recency) as ids
    from (
        select
            customer_id,
            interaction_id,
            occurred_on,
            row_number() over (
                partition by customer_id order by occurred_on desc, {{ bytewise('interaction_id') }} asc
            ) as recency
        from {{ ref('int_interaction') }}
    ) as interaction
    cross join {{ ref('int_reason_rule') }} as rule
    where
        interaction.recency = 1
        or (interaction.recency <= rule.source_rows_at_most and interaction.occurred_on > rule.from_12m)
    group by interaction.customer_id
)

select
    known.customer_id,
    'lapsed' as clause,
    case
        when known.last_on is null then 'never_contacted'
        when known.recent_count = 0 then 'no_contact'
        else 'contact_rarer'
    end as sentence,
    -- how many contacts are missing against what is usual
    trim_scale(round({{ safe_ratio('known.usual_count_in_days', 'known.days_12m') }} - known.recent_count, 20)) as severity,
    jsonb_build_object(
        'window_days', known.contact_days,
        'interactions_recent', known.recent_count,
        'interactions_12m', known.count_12m,
        'usual_interactions', trim_scale(round({{ safe_ratio('known.usual_count_in_days', 'known.days_12m') }}, 1)),
        'last_contact_on', known.last_on,
        'silent_days', known.silent_days
    ) as figures,
    jsonb_build_object('interaction', coalesce(newest.ids, jsonb_build_array())) as source_rows
from known
left join newest on known.customer_id = newest.customer_id
where
    known.recent_count = 0
    or known.recent_count * known.days_12m <= known.contact_rate_share * known.usual_count_in_days
