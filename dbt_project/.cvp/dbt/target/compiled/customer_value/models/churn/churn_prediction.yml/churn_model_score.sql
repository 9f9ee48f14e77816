
-- Fixture for churn_model_score
select cast(null as date) as "snapshot_on", cast(null as text) as "customer_id", cast(null as double precision) as "probability"
    limit 0