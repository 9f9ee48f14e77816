-- One row per active customer: whether its missing values could put it on the other side of a line that its tier ends at.
-- Lines by value score only, as this night's figures alone draw them; the core's line goes by margin and volume.
with scheme as (
    select
        scheme.position,
        scheme.basis
    from {{ ref('tier_scheme') }} as scheme
    inner join {{ ref('stg_night') }} as night on scheme.scheme = night.tier_scheme
),

-- those whom the lines by score divide; scores compare rounded, as in the ranks
outside as (
    select
        place.customer_id,
        place.raw_position,
        round(cast(score.value_score as numeric), 9) as value_score,
        round(cast(score.value_score_low as numeric), 9) as value_score_low,
        round(cast(score.value_score_high as numeric), 9) as value_score_high
    from {{ ref('scope_place') }} as place
    inner join {{ ref('score_customer') }} as score on place.customer_id = score.customer_id
    inner join scheme on place.raw_position = scheme.position and scheme.basis <> 'prefix'
    where place.scope = 'company'
),

-- the last customer inside and the first outside of each tier that holds the best
line as (
    select
        scheme.position,
        min(outside.value_score) filter (where outside.raw_position <= scheme.position) as last_inside,
        max(outside.value_score) filter (where outside.raw_position > scheme.position) as first_outside
    from scheme
    cross join outside
    where scheme.basis = 'best'
    group by scheme.position
),

straddling as (
    select distinct outside.customer_id
    from outside
    inner join line
        on
            (outside.raw_position <= line.position and outside.value_score_low < line.first_outside)
            or (outside.raw_position > line.position and outside.value_score_high > line.last_inside)
)

select
    place.customer_id,
    straddling.customer_id is not null as is_tier_uncertain
from {{ ref('scope_place') }} as place
left join straddling on place.customer_id = straddling.customer_id
where place.scope = 'company'
