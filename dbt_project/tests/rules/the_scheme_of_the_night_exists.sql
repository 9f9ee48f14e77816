-- The night, where its setting `tier_scheme` names no scheme of the seed.
select night.tier_scheme
from {{ ref('stg_night') }} as night
left join {{ ref('tier_scheme') }} as scheme on night.tier_scheme = scheme.scheme
where scheme.scheme is null
