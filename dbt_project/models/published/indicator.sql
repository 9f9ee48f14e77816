-- One row per indicator: its facts, from its model's header, and its part in the calibration in force.
{%- set facts = [] %}
{%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.meta.indicator is defined %}
    {%- do facts.append(node.config.meta.indicator) %}
{%- endfor %}
with registered (
    indicator_id, indicator_name, name_en, name_zh, dimension, indicator_group, unit, formula, direction
) as (
    values
    {%- for fact in facts | sort(attribute='id') %}
        (
            {%- for key in ['id', 'name', 'name_en', 'name_zh', 'dimension', 'group', 'unit', 'formula', 'better'] %}
                '{{ fact[key] | replace("'", "''") }}'{{ ',' if not loop.last }}
            {%- endfor %}
        ){{ ',' if not loop.last }}
    {%- endfor %}
)

select
    registered.indicator_id,
    registered.indicator_name,
    registered.name_en,
    registered.name_zh,
    registered.dimension,
    registered.indicator_group as "group",
    registered.unit,
    registered.formula,
    registered.direction,
    cast(calibration.nominal_weight as double precision) as active_weight,
    calibration.transform,
    calibration.s,
    calibration.lo,
    calibration.hi
from registered
left join {{ ref('score_calibration') }} as calibration
    on registered.indicator_id = calibration.indicator_id and calibration.judgement_set = 'default'
