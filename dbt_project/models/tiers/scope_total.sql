-- One row per scope: the totals that the core rule takes shares of, and what the rule rests on there tonight.
-- Margins are counted in units of 1 / known volume: an imputed margin (volume x known margin / known volume) then needs
-- no division, and every comparison of shares is exact.
with summed as (
    select
        scope,
        scope_id,
        count(*) filter (where is_active) as active_count,
        coalesce(sum(volume_12m) filter (where is_active), 0) as volume_total,
        coalesce(sum(volume_12m) filter (where is_active and margin_12m is not null), 0) as known_volume,
        coalesce(sum(margin_12m) filter (where is_active and margin_12m > 0), 0) as known_margin
    from {{ ref('scope_member') }}
    group by scope, scope_id
)

select
    scope,
    scope_id,
    active_count,
    volume_total,
    known_margin,
    case when known_volume = 0 then 1 else known_volume end as margin_unit,
    case when known_volume = 0 then known_margin else known_margin * volume_total end as margin_total,
    case
        -- a line has a quantity above 0, so a known volume is the volume of customers with a line and a known margin
        when volume_total = 0 then 'margin_only'
        when known_volume = 0 then 'volume_only'
        else 'margin_and_volume'
    end as basis
from summed
