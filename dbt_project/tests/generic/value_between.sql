{# Rows whose value lies outside its range, ends included; a null is not judged. #}
{% test value_between(model, column_name, at_least=none, at_most=none) %}
    select {{ column_name }}
    from {{ model }}
    where
        {% if at_least is not none %} {{ column_name }} < {{ at_least }} {% else %} false {% endif %}
        {% if at_most is not none %} or {{ column_name }} > {{ at_most }} {% endif %}
{% endtest %}
