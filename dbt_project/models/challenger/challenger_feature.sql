-- One row per slice and customer with a line in the 12 months before it: what a trained model knows of it on that day. Nulls
-- are unknown (no line was due, a first year), and are no zeros.
select
    slice,
    snapshot_on,
    customer_id,
    is_churned,
    days_since_order,
    silence,
    rhythm,
    trend,
    ln(1 + order_count) as log_order_count,
    ln(1 + orders_90d) as log_orders_90d,
    ln(1 + orders_180d) as log_orders_180d,
    ln(1 + least(tenure_days, 1460)) as log_tenure_days,
    -- how much shorter its intervals were in the last year than in the two before it
    case when tenure_days >= 730 then ln((1 + orders_365d) / (1 + (orders_1095d - orders_365d) / 2)) end
        as interval_change,
    ln((1 + orders_90d) / (1 + (orders_365d - orders_90d) / 3)) as order_trend,
    case when volume_365d > 0 then volume_180d / volume_365d end as half_year_volume_share,
    case when tenure_days >= 730 and volume_730d > 0 then volume_365d / volume_730d end as year_volume_share,
    complaints_90d,
    complaints_365d,
    open_complaints,
    severe_180d,
    case when due_90d > 0 then on_time_90d / due_90d end as on_time_rate_90d,
    case when due_365d > 0 then on_time_365d / due_365d end as on_time_rate_365d,
    ln(1 + contacts_90d) as log_contacts_90d,
    ln((1 + contacts_90d) / (1 + (contacts_365d - contacts_90d) / 3)) as contact_trend
from {{ ref('challenger_measure') }}
