-- One row per service record opened up to the evaluated day; one closed after that day is still open.
{{ config(materialized='view') }}

select
    record.service_id,
    record.customer_id,
    record.order_id,
    record.kind,
    record.severity,
    record.opened_on,
    case when record.closed_on <= night.as_of_date then record.closed_on end as closed_on,
    record.cost
from {{ ref('stg_service_record') }} as record
cross join {{ ref('stg_night') }} as night
where record.opened_on <= night.as_of_date
