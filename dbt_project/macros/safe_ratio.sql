{% macro safe_ratio(numerator, denominator) -%}
    trim_scale(({{ numerator }}) * 1.000000000000000000000000000000 / nullif({{ denominator }}, 0))
{%- endmacro %}
