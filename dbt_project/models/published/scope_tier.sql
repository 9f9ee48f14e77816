-- One row per sales department or salesperson's book and active customer in it: its tier in that scope alone.
select
    night.as_of_date,
    place.scope,
    place.scope_id,
    place.customer_id,
    raw_scheme.tier as tier_raw,
    computed_scheme.tier as tier_computed,
    case place.scope
        when 'department' then ranked.department_rank
        when 'salesperson' then ranked.salesperson_rank
    end as scope_rank,
    cast(shared.margin_share as numeric(38, 18)) as margin_share,
    cast(shared.volume_share as numeric(38, 18)) as volume_share,
    cast(shared.cumulative_margin_share as numeric(38, 18)) as cumulative_margin_share,
    cast(shared.cumulative_volume_share as numeric(38, 18)) as cumulative_volume_share,
    shared.is_margin_imputed,
    shared.basis as tier_basis
from {{ ref('scope_place') }} as place
cross join {{ ref('stg_night') }} as night
inner join {{ ref('tier_scheme') }} as raw_scheme
    on night.tier_scheme = raw_scheme.scheme and place.raw_position = raw_scheme.position
inner join {{ ref('tier_scheme') }} as computed_scheme
    on night.tier_scheme = computed_scheme.scheme and place.computed_position = computed_scheme.position
inner join {{ ref('scope_share') }} as shared
    on
        place.scope = shared.scope
        and place.scope_id = shared.scope_id
        and place.customer_id = shared.customer_id
inner join {{ ref('score_rank') }} as ranked on place.customer_id = ranked.customer_id
where place.scope != 'company'
