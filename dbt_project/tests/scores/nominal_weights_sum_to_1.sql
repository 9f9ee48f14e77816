-- The judgement sets whose weights do not sum to 1; one row where there is no weight at all.
select
    judgement_set,
    sum(nominal_weight) as weight
from {{ ref('score_calibration') }}
group by judgement_set
having abs(sum(nominal_weight) - 1) > 1e-9
union all
select
    null as judgement_set,
    null as weight
where not exists (select 1 from {{ ref('score_calibration') }})
