
    -- Build actual result given inputs
with dbt_internal_unit_test_actual as (
  select
    "customer_id","churn_probability","churn_status","churn_risk_level", 'actual' as "actual_or_expected"
  from (
    with __dbt__cte__int_customer as (

-- Fixture for int_customer
select 
    
    cast('seen' as text)
 as "customer_id", cast(null as text) as "customer_name", cast(null as text) as "industry", cast(null as text) as "region", cast(null as text) as "sales_department", cast(null as date) as "customer_since_on", cast(null as boolean) as "is_inferred", 
    
    cast(True as boolean)
 as "is_active", cast(null as date) as "first_line_on", cast(null as date) as "last_line_on", cast(null as text) as "account_manager_id", cast(null as text) as "salesperson_id"
union all
select 
    
    cast('dormant' as text)
 as "customer_id", cast(null as text) as "customer_name", cast(null as text) as "industry", cast(null as text) as "region", cast(null as text) as "sales_department", cast(null as date) as "customer_since_on", cast(null as boolean) as "is_inferred", 
    
    cast(True as boolean)
 as "is_active", cast(null as date) as "first_line_on", cast(null as date) as "last_line_on", cast(null as text) as "account_manager_id", cast(null as text) as "salesperson_id"
union all
select 
    
    cast('dormant_unvalidated' as text)
 as "customer_id", cast(null as text) as "customer_name", cast(null as text) as "industry", cast(null as text) as "region", cast(null as text) as "sales_department", cast(null as date) as "customer_since_on", cast(null as boolean) as "is_inferred", 
    
    cast(True as boolean)
 as "is_active", cast(null as date) as "first_line_on", cast(null as date) as "last_line_on", cast(null as text) as "account_manager_id", cast(null as text) as "salesperson_id"
union all
select 
    
    cast('unvalidated' as text)
 as "customer_id", cast(null as text) as "customer_name", cast(null as text) as "industry", cast(null as text) as "region", cast(null as text) as "sales_department", cast(null as date) as "customer_since_on", cast(null as boolean) as "is_inferred", 
    
    cast(True as boolean)
 as "is_active", cast(null as date) as "first_line_on", cast(null as date) as "last_line_on", cast(null as text) as "account_manager_id", cast(null as text) as "salesperson_id"
union all
select 
    
    cast('window_of_6_months' as text)
 as "customer_id", cast(null as text) as "customer_name", cast(null as text) as "industry", cast(null as text) as "region", cast(null as text) as "sales_department", cast(null as date) as "customer_since_on", cast(null as boolean) as "is_inferred", 
    
    cast(False as boolean)
 as "is_active", cast(null as date) as "first_line_on", cast(null as date) as "last_line_on", cast(null as text) as "account_manager_id", cast(null as text) as "salesperson_id"
union all
select 
    
    cast('gone' as text)
 as "customer_id", cast(null as text) as "customer_name", cast(null as text) as "industry", cast(null as text) as "region", cast(null as text) as "sales_department", cast(null as date) as "customer_since_on", cast(null as boolean) as "is_inferred", 
    
    cast(False as boolean)
 as "is_active", cast(null as date) as "first_line_on", cast(null as date) as "last_line_on", cast(null as text) as "account_manager_id", cast(null as text) as "salesperson_id"
),  __dbt__cte__churn_prediction as (

-- Fixture for churn_prediction
select 
    
    cast(0 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast('seen' as text)
 as "customer_id", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(True as boolean)
 as "is_validated", cast(null as integer) as "days_since_order", 
    
    cast(0.25 as numeric)
 as "probability", cast(null as numeric) as "base_rate", 
    
    cast('medium' as text)
 as "risk_level", cast(null as boolean) as "is_churned"
union all
select 
    
    cast(0 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast('dormant' as text)
 as "customer_id", 
    
    cast(True as boolean)
 as "is_dormant", 
    
    cast(True as boolean)
 as "is_validated", cast(null as integer) as "days_since_order", 
    
    cast(0.75 as numeric)
 as "probability", cast(null as numeric) as "base_rate", 
    
    cast('high' as text)
 as "risk_level", cast(null as boolean) as "is_churned"
union all
select 
    
    cast(0 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast('dormant_unvalidated' as text)
 as "customer_id", 
    
    cast(True as boolean)
 as "is_dormant", 
    
    cast(False as boolean)
 as "is_validated", cast(null as integer) as "days_since_order", 
    
    cast(null as numeric)
 as "probability", cast(null as numeric) as "base_rate", 
    
    cast('high' as text)
 as "risk_level", cast(null as boolean) as "is_churned"
union all
select 
    
    cast(0 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast('unvalidated' as text)
 as "customer_id", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(False as boolean)
 as "is_validated", cast(null as integer) as "days_since_order", 
    
    cast(null as numeric)
 as "probability", cast(null as numeric) as "base_rate", 
    
    cast('low' as text)
 as "risk_level", cast(null as boolean) as "is_churned"
union all
select 
    
    cast(0 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast('window_of_6_months' as text)
 as "customer_id", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(True as boolean)
 as "is_validated", cast(null as integer) as "days_since_order", 
    
    cast(0.5 as numeric)
 as "probability", cast(null as numeric) as "base_rate", 
    
    cast('high' as text)
 as "risk_level", cast(null as boolean) as "is_churned"
union all
select 
    
    cast(1 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast('gone' as text)
 as "customer_id", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(True as boolean)
 as "is_validated", cast(null as integer) as "days_since_order", 
    
    cast(0.5 as numeric)
 as "probability", cast(null as numeric) as "base_rate", 
    
    cast('high' as text)
 as "risk_level", cast(null as boolean) as "is_churned"
) -- One row per customer: the probability that it places no order inside the horizon, how that is known, and its level.
select
    customer.customer_id,
    case when customer.is_active then cast(prediction.probability as double precision) end as churn_probability,
    case
        when not customer.is_active then 'not_active'
        when prediction.is_dormant then 'dormant'
        when prediction.is_validated then 'validated'
        else 'unvalidated'
    end as churn_status,
    case when customer.is_active then prediction.risk_level end as churn_risk_level
from __dbt__cte__int_customer as customer
left join __dbt__cte__churn_prediction as prediction
    on customer.customer_id = prediction.customer_id and prediction.slice = 0
  ) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
  select
    "customer_id", "churn_probability", "churn_status", "churn_risk_level", 'expected' as "actual_or_expected"
  from (
    select 
    
    cast('seen' as text)
 as "customer_id", 
    
    cast(0.25 as double precision)
 as "churn_probability", 
    
    cast('validated' as text)
 as "churn_status", 
    
    cast('medium' as text)
 as "churn_risk_level"
union all
select 
    
    cast('dormant' as text)
 as "customer_id", 
    
    cast(0.75 as double precision)
 as "churn_probability", 
    
    cast('dormant' as text)
 as "churn_status", 
    
    cast('high' as text)
 as "churn_risk_level"
union all
select 
    
    cast('dormant_unvalidated' as text)
 as "customer_id", 
    
    cast(null as double precision)
 as "churn_probability", 
    
    cast('dormant' as text)
 as "churn_status", 
    
    cast('high' as text)
 as "churn_risk_level"
union all
select 
    
    cast('unvalidated' as text)
 as "customer_id", 
    
    cast(null as double precision)
 as "churn_probability", 
    
    cast('unvalidated' as text)
 as "churn_status", 
    
    cast('low' as text)
 as "churn_risk_level"
union all
select 
    
    cast('window_of_6_months' as text)
 as "customer_id", 
    
    cast(null as double precision)
 as "churn_probability", 
    
    cast('not_active' as text)
 as "churn_status", 
    
    cast(null as text)
 as "churn_risk_level"
union all
select 
    
    cast('gone' as text)
 as "customer_id", 
    
    cast(null as double precision)
 as "churn_probability", 
    
    cast('not_active' as text)
 as "churn_status", 
    
    cast(null as text)
 as "churn_risk_level"
  ) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected