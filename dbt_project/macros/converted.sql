{% macro converted(amount, currency, rate) -%}
    case
        when {{ currency }} is null or {{ currency }} = night.reporting_currency then {{ amount }}
        else {{ amount }} * {{ rate }}
    end
{%- endmacro %}
