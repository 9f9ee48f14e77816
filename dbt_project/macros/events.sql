{# The sum of a customer's events of a kind up to so many days before the slice, 0 where it has none. #}
{% macro events_up_to(kind, days_back=0) -%}
    coalesce({{ kind }}_event.amounts_so_far[
        {{ last_at_or_before('slice.snapshot_on - ' ~ days_back, kind ~ '_event.days') }}
    ], 0)
{%- endmacro %}

{# Their sum in the last so many days up to the slice; the lower end is outside. #}
{% macro events_in_last(kind, days) -%}
    {{ events_up_to(kind) }} - {{ events_up_to(kind, days) }}
{%- endmacro %}
