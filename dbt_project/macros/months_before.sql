{% macro months_before(day, months) -%}
    cast({{ day }} - make_interval(months => {{ months }}) as date)
{%- endmacro %}
