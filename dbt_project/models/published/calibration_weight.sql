-- One row per finished calibration version, judgement set and indicator: what it weighs and how its values become points.
select
    calibrated.version as calibration_version,
    calibrated.judgement_set,
    calibrated.indicator_id,
    calibrated.nominal_weight,
    calibrated.judged_weight,
    calibrated.objective_weight,
    calibrated.transform,
    calibrated.higher_is_better,
    calibrated.s,
    calibrated.lo,
    calibrated.hi
from {{ source('control', 'calibration_indicator') }} as calibrated
inner join {{ ref('calibration') }} as made on calibrated.version = made.calibration_version
