-- Tier schemes that are not: one prefix at position 1, best shares that grow, one rest at the end, grace no narrower.
with placed as (
    select
        scheme,
        position,
        basis,
        share,
        grace_share,
        row_number() over (partition by scheme order by position) as place,
        count(*) over (partition by scheme) as tiers,
        lag(share) over (partition by scheme, basis order by position) as share_before
    from {{ ref('tier_scheme') }}
)

select scheme
from placed
where
    position != place
    or (basis = 'prefix') != (place = 1)
    or (basis = 'rest') != (place = tiers)
    or (share is null) != (basis = 'rest')
    or grace_share < share
    or share <= share_before
