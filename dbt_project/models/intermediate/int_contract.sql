-- One row per contract begun up to the evaluated day; both its ends are included.
{{ config(materialized='view') }}

select
    contract.contract_id,
    contract.customer_id,
    case contract.relationship_level
        when 'spot' then 0
        when 'preferred' then 1
        when 'partner' then 2
        when 'strategic_alliance' then 3
    end as relationship_level,
    contract.starts_on,
    contract.ends_on,
    contract.committed_quantity,
    contract.ends_on - contract.starts_on + 1 as contract_days,
    greatest(
        0, least(contract.ends_on, night.as_of_date) - greatest(contract.starts_on - 1, night.from_12m)
    ) as contract_days_in_12m,
    contract.ends_on >= night.as_of_date as is_valid
from {{ ref('stg_contract') }} as contract
cross join {{ ref('stg_night') }} as night
where contract.starts_on <= night.as_of_date
