-- One row per scope and active customer: its shares of margin and volume, what is accumulated before it in core order.
-- Margins here are in the unit of scope_total. Exact arithmetic throughout: nothing is divided before it is compared.
with measured as (
    select
        bought.scope,
        bought.scope_id,
        bought.customer_id,
        bought.volume_12m as volume,
        bought.margin_12m,
        total.active_count,
        total.basis,
        total.volume_total,
        total.margin_total,
        bought.margin_12m is null and total.basis != 'volume_only' as is_margin_imputed,
        case
            when bought.margin_12m is null then bought.volume_12m * total.known_margin
            else bought.margin_12m * total.margin_unit
        end as margin_taken
    from {{ ref('scope_member') }} as bought
    inner join {{ ref('scope_total') }} as total on bought.scope = total.scope and bought.scope_id = total.scope_id
    where bought.is_active
),

keyed as (
    select
        scope,
        scope_id,
        customer_id,
        volume,
        active_count,
        basis,
        volume_total,
        margin_total,
        is_margin_imputed,
        greatest(margin_taken, 0) as margin,
        basis = 'volume_only'
        or (margin_total > 0 and (is_margin_imputed or margin_12m > 0)) as may_be_core,
        case when basis = 'volume_only' then volume else margin_taken end as best_by_margin_key,
        -- the mean of the two shares, times twice both totals
        case
            when margin_total = 0 then volume
            when volume_total = 0 then greatest(margin_taken, 0)
            else greatest(margin_taken, 0) * volume_total + volume * margin_total
        end as core_key
    from measured
),

accumulated as (
    select
        scope,
        scope_id,
        customer_id,
        volume,
        margin,
        active_count,
        basis,
        volume_total,
        margin_total,
        is_margin_imputed,
        may_be_core,
        sum(margin) over core_order as cumulative_margin,
        sum(volume) over core_order as cumulative_volume,
        sum(margin) over margin_order - margin as margin_before_alone,
        sum(volume) over volume_order - volume as volume_before_alone,
        row_number() over (own_scope order by best_by_margin_key desc, {{ bytewise('customer_id') }}) as place_by_margin
    from keyed
    window
        own_scope as (partition by scope, scope_id),
        core_order as (own_scope order by core_key desc, {{ bytewise('customer_id') }} rows unbounded preceding),
        margin_order as (own_scope order by margin desc, {{ bytewise('customer_id') }} rows unbounded preceding),
        volume_order as (own_scope order by volume desc, {{ bytewise('customer_id') }} rows unbounded preceding)
),

reading as (
    select
        max(share) filter (where reading = 'intersection') as intersection_share,
        max(share) filter (where reading = 'top_by_margin') as top_share
    from {{ ref('core_reading') }}
)

select
    accumulated.scope,
    accumulated.scope_id,
    accumulated.customer_id,
    accumulated.basis,
    accumulated.margin,
    accumulated.volume,
    accumulated.margin_total,
    accumulated.volume_total,
    accumulated.cumulative_margin - accumulated.margin as margin_before,
    accumulated.cumulative_volume - accumulated.volume as volume_before,
    accumulated.may_be_core,
    accumulated.is_margin_imputed,
    {{ safe_ratio('accumulated.margin', 'accumulated.margin_total') }} as margin_share,
    {{ safe_ratio('accumulated.volume', 'accumulated.volume_total') }} as volume_share,
    {{ safe_ratio('accumulated.cumulative_margin', 'accumulated.margin_total') }} as cumulative_margin_share,
    {{ safe_ratio('accumulated.cumulative_volume', 'accumulated.volume_total') }} as cumulative_volume_share,
    accumulated.margin_before_alone < reading.intersection_share * accumulated.margin_total
    and accumulated.volume_before_alone < reading.intersection_share * accumulated.volume_total
        as is_core_by_intersection,
    accumulated.place_by_margin <= ceil(reading.top_share * accumulated.active_count) as is_core_by_top_20
from accumulated
cross join reading
