-- One row per landed row, or version of one that was superseded or deleted, by which the night's facts differ from those
-- of the night before: landed after that was published, or dated since. `named_id` is what it belongs to.
-- Deliveries and account assignments are in no indicator.
{%- set entities = [
    ('customer', 'customer_id', none),
    ('product', 'product_id', none),
    ('sales_order', 'customer_id', 'ordered_on'),
    ('sales_order_line', 'order_id', none),
    ('invoice', 'customer_id', 'issued_on'),
    ('payment', 'invoice_id', 'paid_on'),
    ('service_record', 'customer_id', 'opened_on'),
    ('survey_response', 'customer_id', 'surveyed_on'),
    ('interaction', 'customer_id', 'occurred_on'),
    ('demand_estimate', 'customer_id', none),
    ('contract', 'customer_id', 'starts_on'),
    ('exchange_rate', 'currency', 'rate_on'),
    ('collaboration', 'customer_id', 'started_on'),
] %}
{{ config(materialized='table') }}

with changed as (
    {% for entity, named, dated in entities -%}
        select
            '{{ entity }}' as entity,
            landed.{{ named }} as named_id, -- noqa: AL09
            {{ 'landed.' ~ dated if dated else 'cast(null as date)' }} as dated_on
        from {{ source('landing', entity) }} as landed
        where
            {{ of_this_night('landed') }}
            and (
                landed.extracted_at > (select before.known_at from {{ source('control', 'previous_run') }} as before)
                {% if dated -%}
                    or landed.{{ dated }} > (
                        select before.as_of_date from {{ source('control', 'previous_run') }} as before
                    )
                {%- endif %}
            )
        union all
        select
            '{{ entity }}' as entity,
            superseded.{{ named }} as named_id, -- noqa: AL09
            {{ 'superseded.' ~ dated if dated else 'cast(null as date)' }} as dated_on
        from {{ source('landing', entity ~ '_history') }} as superseded
        where
            {{ of_this_night('superseded') }}
            and superseded.known_to > (select before.known_at from {{ source('control', 'previous_run') }} as before)
        {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select distinct
    changed.entity,
    changed.named_id,
    changed.dated_on
from changed
cross join {{ ref('stg_night') }} as night
where changed.named_id is not null and (changed.dated_on is null or changed.dated_on <= night.as_of_date)
