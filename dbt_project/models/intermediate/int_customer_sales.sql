-- One row per customer with a line ever: its first and last line and what it bought in each window.
{%- set measures = [
    'line_count', 'volume', 'revenue', 'costed_revenue', 'costed_margin', 'uncosted_line_count',
    'premium_revenue', 'new_product_revenue',
] %}
{%- set windows = {'12m': 'years_back = 1', 'prior_12m': 'years_back = 2', '48m': 'years_back <= 4'} %}
with dated as (
    select
        bought.customer_id,
        bought.ordered_on,
        {% for measure in measures %}
            bought.{{ measure }},
        {% endfor %}
        -- 1: in 12m, 2: in the 12m before, 4: in the rest of 48m, 5: before
        case
            when bought.ordered_on > night.from_12m then 1
            when bought.ordered_on > night.from_24m then 2
            when bought.ordered_on > night.from_48m then 4
            else 5
        end as years_back
    from {{ ref('int_customer_order_day') }} as bought
    cross join {{ ref('stg_night') }} as night
),

period as (
    select
        customer_id,
        years_back,
        {% for measure in measures %}
            sum({{ measure }}) as {{ measure }},
        {% endfor %}
        min(ordered_on) as first_line_on,
        max(ordered_on) as last_line_on
    from dated
    group by customer_id, years_back
),

summed as (
    select
        customer_id,
        {% for window, inside in windows.items() %}
            {% for measure in measures %}
                coalesce(sum({{ measure }}) filter (where {{ inside }}), 0) as {{ measure }}_{{ window }},
            {% endfor %}
        {% endfor %}
        min(first_line_on) as first_line_on,
        max(last_line_on) as last_line_on
    from period
    group by customer_id
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
