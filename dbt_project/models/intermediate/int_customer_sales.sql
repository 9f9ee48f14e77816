-- One row per customer with a line ever: its first and last line and what it bought in each window.
{%- set windows = {
    '12m': 'bought.ordered_on > night.from_12m',
    'prior_12m': 'bought.ordered_on <= night.from_12m and bought.ordered_on > night.from_24m',
    '48m': 'bought.ordered_on > night.from_48m',
} %}
with summed as (
    select
        bought.customer_id,
        min(bought.ordered_on) as first_line_on,
        max(bought.ordered_on) as last_line_on,
        {% for window, inside in windows.items() -%}
            {% for measure in ['line_count', 'volume', 'revenue', 'costed_revenue', 'costed_margin', 'uncosted_line_count'] -%}
                coalesce(sum(bought.{{ measure }}) filter (where {{ inside }}), 0) as {{ measure }}_{{ window }},
            {% endfor -%}
        {% endfor -%}
        coalesce(sum(bought.premium_revenue) filter (where bought.ordered_on > night.from_12m), 0) as premium_revenue_12m,
        coalesce(sum(bought.new_product_revenue) filter (where bought.ordered_on > night.from_12m), 0) as new_product_revenue_12m
    from {{ ref('int_customer_order_day') }} as bought
    cross join {{ ref('stg_night') }} as night
    group by bought.customer_id
)

select
    summed.customer_id,
    summed.first_line_on,
    summed.last_line_on,
    summed.last_line_on > night.active_from as is_active,
    summed.first_line_on > night.from_12m as is_first_line_in_12m,
    least(4, {{ safe_ratio('night.as_of_date - summed.first_line_on', '365.25') }}) as years_observed,
    summed.line_count_12m,
    summed.volume_12m,
    summed.revenue_12m,
    {{ margin('12m') }} as margin_12m,
    {{ safe_ratio('summed.costed_revenue_12m', 'summed.revenue_12m') }} as cost_coverage_12m,
    summed.premium_revenue_12m,
    summed.new_product_revenue_12m,
    summed.volume_prior_12m,
    summed.revenue_prior_12m,
    {{ margin('prior_12m') }} as margin_prior_12m,
    summed.volume_48m,
    summed.revenue_48m,
    {{ margin('48m') }} as margin_48m
from summed
cross join {{ ref('stg_night') }} as night
