-- One row per active customer: the raw value of every indicator under its name, and the value score.
with wide as (
    select
        customer_id,
        {% for node in graph.nodes.values() | sort(attribute='name')
            if node.resource_type == 'model' and node.config.meta.indicator is defined %}
            {% set fact = node.config.meta.indicator %}
            max(value) filter (where indicator_id = '{{ fact.id }}')
                as {{ fact.name }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ ref('indicator_value') }}
    group by customer_id
)

select
    night.as_of_date,
    wide.customer_id,
    {% for node in graph.nodes.values() | sort(attribute='name')
        if node.resource_type == 'model' and node.config.meta.indicator is defined %}
        {% set name = node.config.meta.indicator.name %}
        cast(wide.{{ name }} as numeric(38, 18)) as {{ name }},
    {% endfor %}
    score.value_score
from wide
cross join {{ ref('stg_night') }} as night
inner join {{ ref('score_customer') }} as score on wide.customer_id = score.customer_id
