-- One row per entity whose rows can wait: how many wait in landing for the order or the invoice that they name.
{%- set waits_for = [
    ('sales_order_line', 'base_sales_order', 'order_id'),
    ('delivery', 'base_sales_order', 'order_id'),
    ('payment', 'stg_invoice', 'invoice_id'),
] %}
{{ config(materialized='table') }}

{% for entity, parent_model, parent_id in waits_for -%}
    select
        '{{ entity }}' as entity,
        count(*) as waiting_count
    from {{ source('landing', entity) }} as landed
    where
        {{ of_this_night('landed') }}
        and not exists (
            select 1 from {{ ref(parent_model) }} as parent
            where parent.{{ parent_id }} = landed.{{ parent_id }}
        )
    {%- if not loop.last %}
        union all
    {% endif %}
{% endfor %}
