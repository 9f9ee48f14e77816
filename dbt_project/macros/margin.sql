{% macro margin(window) -%}
    case
        when line_count_{{ window }} = 0 then 0
        when revenue_{{ window }} = 0 and uncosted_line_count_{{ window }} > 0 then null
        when revenue_{{ window }} = 0 then costed_margin_{{ window }}
        when costed_revenue_{{ window }} < revenue_{{ window }} * 0.5 then null
        else {{ safe_ratio('costed_margin_' ~ window ~ ' * revenue_' ~ window, 'costed_revenue_' ~ window) }}
    end
{%- endmacro %}
