{% macro of_this_night(landed) -%}
    {{ landed }}.source_system in (
        select unnest(cast(evaluated.source_systems as text[])) from {{ ref('stg_night') }} as evaluated
    )
{%- endmacro %}
