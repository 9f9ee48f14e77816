{# Whether a customer's value is one that the rule (jsonb: column -> list of values) lists; a column it does not name is. #}
{% macro meets_rule(rule, column, value) -%}
    coalesce({{ rule }} -> '{{ column }}' @> to_jsonb({{ value }}), {{ rule }} -> '{{ column }}' is null)
{%- endmacro %}
