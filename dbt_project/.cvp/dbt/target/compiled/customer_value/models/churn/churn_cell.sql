-- One row per slice and combination of bands that customers were in, and one per slice for its dormant customers: how
-- many were seen and how many of them churned (none yet for the evaluated date). Every rate is a sum of these.
select
    slice,
    false as is_dormant,
    silence_band,
    orders_band,
    rhythm_band,
    trend_band,
    count(*) as seen,
    count(*) filter (where is_churned) as churned
from "big"."slices"."churn_situation"
group by slice, silence_band, orders_band, rhythm_band, trend_band
union all
select
    slice,
    true as is_dormant,
    null as silence_band,
    null as orders_band,
    null as rhythm_band,
    null as trend_band,
    count(*) as seen,
    count(*) filter (where is_churned) as churned
from "big"."slices"."churn_snapshot"
where is_dormant
group by slice