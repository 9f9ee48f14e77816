{# Statistics for a table just built: without them the planner takes 100,000 customers for a few hundred. #}
{% macro analyze_table() -%}
    {%- if model.config.materialized == 'table' -%} analyze {{ this }} {%- endif -%}
{%- endmacro %}
