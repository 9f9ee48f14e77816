-- One row per optional entity: whether it has at least one row dated up to the evaluated day.
{%- set dated = ['survey_response', 'interaction', 'account_assignment', 'contract', 'collaboration'] %}
{% for entity in dated -%}
    select
        '{{ entity }}' as entity,
        exists(select 1 from {{ ref('int_' ~ entity) }}) as is_supplied
    union all
{% endfor -%}
select
    'demand_estimate' as entity,
    exists(select 1 from {{ ref('stg_demand_estimate') }}) as is_supplied
union all
select
    'exchange_rate' as entity,
    exists(
        select 1
        from {{ ref('stg_exchange_rate') }} as rate
        cross join {{ ref('stg_night') }} as night
        where rate.rate_on <= night.as_of_date
    ) as is_supplied
