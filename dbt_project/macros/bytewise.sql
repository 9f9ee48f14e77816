{% macro bytewise(id) -%}
    {{ id }} collate "C"
{%- endmacro %}
