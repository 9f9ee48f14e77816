{# Rows whose value lies outside its range, ends included; a null is judged only where it may never be one. #}
{% test value_between(model, column_name, at_least=none, at_most=none, never_null=false) %}
    select {{ column_name }}
    from {{ model }}
    where
        {% if never_null %} {{ column_name }} is null {% else %} false {% endif %}
        {% if at_least is not none %} or {{ column_name }} < {{ at_least }} {% endif %}
        {% if at_most is not none %} or {{ column_name }} > {{ at_most }} {% endif %}
{% endtest %}
