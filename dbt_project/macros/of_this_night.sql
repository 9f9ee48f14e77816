{% macro of_this_night(landed) -%}
    {{ landed }}.source_system = any(cast((select night.source_systems from {{ ref('stg_night') }} as night) as text[]))
{%- endmacro %}
