-- One row per industry, tier and survey attribute that anybody answered in 12m: what is expected, what is perceived.
select
    night.as_of_date,
    coalesce(customer.industry, '') as industry,
    customer.tier,
    response.attribute,
    count(*) as responses,
    count(distinct response.customer_id) as customers,
    cast(avg(response.expected) as double precision) as expected,
    cast(avg(response.perceived) as double precision) as perceived,
    cast(avg(response.perceived - response.expected) as double precision) as gap
from {{ ref('int_survey_response') }} as response
cross join {{ ref('stg_night') }} as night
inner join {{ ref('customer_tier') }} as customer on response.customer_id = customer.customer_id
where response.surveyed_on > night.from_12m
group by night.as_of_date, coalesce(customer.industry, ''), customer.tier, response.attribute
