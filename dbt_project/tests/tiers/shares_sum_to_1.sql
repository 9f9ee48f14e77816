-- The sums of all shares, where one is not 1 although there is something to share.
select
    sum(margin_share) as margin_share,
    sum(volume_share) as volume_share
from {{ ref('tier_share') }}
having abs(sum(margin_share) - 1) > 1e-12 or abs(sum(volume_share) - 1) > 1e-12
