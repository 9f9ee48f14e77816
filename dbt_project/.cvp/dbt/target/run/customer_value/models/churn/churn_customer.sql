
  
    

  create  table "big"."churn"."churn_customer__dbt_tmp"
  
  
    as
  
  (
    -- One row per customer: the probability that it places no order inside the horizon, how that is known, and its level.
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
from "big"."intermediate"."int_customer" as customer
left join "big"."churn"."churn_prediction" as prediction
    on customer.customer_id = prediction.customer_id and prediction.slice = 0
  );
  