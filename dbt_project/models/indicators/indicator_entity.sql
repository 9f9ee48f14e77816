-- One row per indicator and entity that it rests on, read from the heading "Source fields" of the indicator's YAML.
{%- set fields = {} %}
{%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.meta.indicator is defined %}
    {%- do fields.update({node.config.meta.indicator.id: node.description.split('Source fields:')[1]}) %}
{%- endfor %}
{%- set rests_on = [] %}
{%- for id, text in fields.items() | sort %}
    {%- for part in (text | replace('\n', ' ')).split('of the referred customers') %}
        {%- set is_of_referred = 'false' if loop.first else 'true' %}
        {#- "as C06" brings what that indicator rests on #}
        {%- set whole = [part] %}
        {%- for cited in modules.re.findall('[CP][0-9][0-9]', part) %}{% do whole.append(fields[cited]) %}{% endfor %}
        {%- for entity in modules.re.findall('([a-z_]+)[.][a-z]', whole | join(' ')) | unique %}
            {%- do rests_on.append((id, entity, is_of_referred)) %}
        {%- endfor %}
    {%- endfor %}
{%- endfor %}
{{ config(materialized='view') }}

select
    indicator_id,
    entity,
    is_of_referred
from (
    values
    {%- for id, entity, is_of_referred in rests_on %}
        ('{{ id }}', '{{ entity }}', {{ is_of_referred }}){{ ',' if not loop.last }}
    {%- endfor %}
) as described (indicator_id, entity, is_of_referred)
