-- The sum of the calibration's weights, where it is not 1.
select sum(nominal_weight) as weight
from {{ ref('score_calibration') }}
having coalesce(abs(sum(nominal_weight) - 1), 1) > 1e-9
