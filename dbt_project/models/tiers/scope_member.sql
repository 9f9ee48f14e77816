-- One row per scope (the company, a sales department, a salesperson's book) and customer in it, with what it brings.
{% for scope, member in {
    'company': "'all'", 'department': 'customer.sales_department', 'salesperson': 'customer.salesperson_id'
}.items() %}
    select
        '{{ scope }}' as scope,
        {{ member }} as scope_id,
        customer.customer_id,
        bought.customer_id is not null as is_active,
        bought.margin_12m,
        bought.volume_12m
    from {{ ref('int_customer') }} as customer
    left join {{ ref('int_customer_window') }} as bought on customer.customer_id = bought.customer_id
    where {{ member }} is not null
    {% if not loop.last %}
        union all
    {% endif %}
{% endfor %}
