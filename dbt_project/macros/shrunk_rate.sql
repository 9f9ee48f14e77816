{# A cell's churn rate drawn towards its parent's by `shrinkage.weight` imagined customers; null where none was seen. #}
{% macro shrunk_rate(cell, parent_rate) -%}
    trim_scale(round({{ safe_ratio(
        cell ~ '.churned + shrinkage.weight * ' ~ parent_rate, cell ~ '.seen + shrinkage.weight'
    ) }}, 30))
{%- endmacro %}
