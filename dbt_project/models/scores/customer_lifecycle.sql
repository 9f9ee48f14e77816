-- One row per customer: where it stands in its life with us, the first stage that fits.
with growth as (
    select
        customer_id,
        value as volume_growth
    from {{ ref('ind_p01_volume_growth_yoy') }}
),

cut as (
    select
        max(volume_growth) filter (where stage = 'growing') as growing_from,
        max(volume_growth) filter (where stage = 'declining') as declining_to
    from {{ ref('lifecycle_cut') }}
)

select
    customer.customer_id,
    case
        when customer.first_line_on is null then 'prospect'
        when not customer.is_active then 'lapsed'
        when customer.first_line_on > night.from_12m then 'new'
        when growth.volume_growth >= cut.growing_from then 'growing'
        when growth.volume_growth <= cut.declining_to then 'declining'
        else 'stable'
    end as lifecycle_stage
from {{ ref('int_customer') }} as customer
cross join {{ ref('stg_night') }} as night
cross join cut
left join growth on customer.customer_id = growth.customer_id
