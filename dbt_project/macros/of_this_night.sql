{% macro of_this_night(landed) -%}
    {{ landed }}.source_system in (
        select unnest(cast(night.source_systems as text[])) from {{ ref('stg_night') }} as night
    )
{%- endmacro %}
