{# The position (1 up, 0: none) of the last element at or before the value in an ascending array. #}
{% macro last_at_or_before(day, ascending) -%}
    width_bucket({{ day }}, {{ ascending }})
{%- endmacro %}
