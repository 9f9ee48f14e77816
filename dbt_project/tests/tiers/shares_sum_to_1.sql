-- The scopes in which the sum of all shares is not 1 although there is something to share.
select
    scope,
    scope_id,
    sum(margin_share) as margin_share,
    sum(volume_share) as volume_share
from {{ ref('scope_share') }}
group by scope, scope_id
having abs(sum(margin_share) - 1) > 1e-12 or abs(sum(volume_share) - 1) > 1e-12
