{% macro converted(amount, is_foreign, rate) -%}
    case when {{ is_foreign }} then {{ amount }} * {{ rate }} else {{ amount }} end
{%- endmacro %}
