-- One row per judgement set and indicator of the calibration in force: how values become points, and what they weigh.
{{ config(materialized='view') }}
select
    calibrated.judgement_set,
    calibrated.indicator_id,
    calibrated.dimension,
    calibrated.indicator_group,
    calibrated.nominal_weight,
    calibrated.transform,
    calibrated.higher_is_better,
    calibrated.s,
    calibrated.lo,
    calibrated.hi,
    made.median_current_score,
    made.median_potential_score
from {{ source('control', 'calibration_indicator') }} as calibrated
inner join {{ source('control', 'calibration') }} as made on calibrated.version = made.version
inner join {{ ref('stg_night') }} as night on calibrated.version = night.calibration_version
