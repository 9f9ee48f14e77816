{# A cell's churn rate drawn towards its parent's by `prior.weight` imagined customers; null where nothing was ever seen. #}
{% macro shrunk_rate(cell, parent_rate) -%}
    trim_scale(round({{ safe_ratio(cell ~ '.churned + prior.weight * ' ~ parent_rate, cell ~ '.seen + prior.weight') }}, 30))
{%- endmacro %}
