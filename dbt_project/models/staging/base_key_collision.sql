-- One row per entity and key that more than one source system of the night delivers: it would count twice.
{%- set keys = {
    'customer': 'customer_id',
    'product': 'product_id',
    'sales_order': 'order_id',
    'sales_order_line': "order_id, line_number",
    'delivery': 'delivery_id',
    'invoice': 'invoice_id',
    'payment': 'payment_id',
    'service_record': 'service_id',
    'survey_response': "survey_id, attribute",
    'interaction': 'interaction_id',
    'account_assignment': "customer_id, valid_from_on",
    'demand_estimate': "customer_id, demand_year",
    'contract': 'contract_id',
    'exchange_rate': "currency, rate_on",
    'collaboration': 'collaboration_id',
} %}
{{ config(materialized='table') }}

{% for entity, key in keys.items() -%}
    select
        '{{ entity }}' as entity,
        cast(row({{ key }}) as text) as entity_key,
        count(*) as source_count
    from {{ source('landing', entity) }} as landed
    where
        {{ of_this_night('landed') }}
        -- the primary key answers this at once, and where one system delivers all, no row is read
        and (
            select min(held.source_system) < max(held.source_system)
            from {{ source('landing', entity) }} as held
        )
    group by {{ key }}
    having count(*) > 1
    {%- if not loop.last %}
        union all
    {% endif %}
{% endfor %}
