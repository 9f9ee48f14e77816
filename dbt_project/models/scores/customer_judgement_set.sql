-- One row per customer: the judgement set that weighs its indicators, the first of the calibration whose rule it meets.
with judged as (
    select
        listed.judgement_set,
        listed.position,
        listed.rule
    from {{ source('control', 'calibration_judgement_set') }} as listed
    inner join {{ ref('stg_night') }} as night on listed.version = night.calibration_version
),

met as (
    select
        customer.customer_id,
        judged.judgement_set,
        row_number() over (partition by customer.customer_id order by judged.position) as place
    from {{ ref('int_customer') }} as customer
    inner join judged
        on
            {{ meets_rule('judged.rule', 'industry', 'customer.industry') }}
            and {{ meets_rule('judged.rule', 'region', 'customer.region') }}
            and {{ meets_rule('judged.rule', 'sales_department', 'customer.sales_department') }}
)

select
    customer.customer_id,
    coalesce(met.judgement_set, 'default') as judgement_set
from {{ ref('int_customer') }} as customer
left join met on customer.customer_id = met.customer_id and met.place = 1
