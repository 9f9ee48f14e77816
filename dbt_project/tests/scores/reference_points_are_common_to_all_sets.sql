-- The indicators whose reference points differ from one judgement set to another.
select
    one.indicator_id,
    one.judgement_set
from {{ ref('score_calibration') }} as one
inner join {{ ref('score_calibration') }} as other on one.indicator_id = other.indicator_id
where
    one.transform != other.transform
    or one.higher_is_better != other.higher_is_better
    or one.s is distinct from other.s
    or one.lo is distinct from other.lo
    or one.hi is distinct from other.hi
