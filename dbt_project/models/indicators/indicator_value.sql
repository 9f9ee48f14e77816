-- One row per active customer and indicator: its value, null where it is not available. The id is in the model's name.
{%- set indicators = [
    'ind_c01_gross_margin_12m',
    'ind_c02_gross_margin_rate_12m',
    'ind_c03_net_contribution_12m',
    'ind_c04_annual_margin_4y',
    'ind_c05_volume_12m',
    'ind_c06_revenue_12m',
    'ind_c07_annual_volume_4y',
    'ind_c08_premium_revenue_share_12m',
    'ind_c09_active_months_12m',
    'ind_c10_order_interval_cv_24m',
    'ind_c11_contract_take_up_12m',
    'ind_c12_on_time_payment_rate_12m',
    'ind_c13_payment_delay_days_12m',
    'ind_c14_overdue_balance_rate',
    'ind_c15_service_cost_rate_12m',
    'ind_c16_cancelled_quantity_rate_12m',
    'ind_p01_volume_growth_yoy',
    'ind_p02_margin_growth_yoy',
    'ind_p03_demand_growth_yoy',
    'ind_p04_share_of_wallet_12m',
    'ind_p05_headroom_margin',
    'ind_p06_product_family_count_24m',
    'ind_p07_new_product_share_12m',
    'ind_p08_relationship_years',
    'ind_p09_satisfaction_gap_12m',
    'ind_p10_interaction_count_12m',
    'ind_p11_relationship_level',
    'ind_p12_contract_cover_months',
    'ind_p13_active_collaborations_24m',
    'ind_p14_referred_revenue_12m',
] %}
{{ config(materialized='table') }}

{% for indicator in indicators -%}
    select
        customer_id,
        '{{ indicator.split('_')[1] | upper }}' as indicator_id,
        value
    from {{ ref(indicator) }}
    {%- if not loop.last %}
        union all
    {% endif %}
{% endfor %}
