-- One row per active customer and indicator: its points, the weight they have for this very customer, the contribution.
with transformed as (
    select
        measured.customer_id,
        measured.indicator_id,
        measured.value as raw_value,
        calibration.dimension,
        calibration.indicator_group,
        calibration.nominal_weight,
        calibration.higher_is_better,
        calibration.lo,
        calibration.hi,
        case calibration.transform
            when 'asinh' then asinh(cast(measured.value as double precision) / calibration.s)
            when 'linear' then cast(measured.value as double precision)
        end as transformed_value
    from {{ ref('indicator_value') }} as measured
    inner join {{ ref('customer_judgement_set') }} as kind on measured.customer_id = kind.customer_id
    inner join {{ ref('score_calibration') }} as calibration
        on kind.judgement_set = calibration.judgement_set and measured.indicator_id = calibration.indicator_id
),

-- where it lies between the reference points, 0 to 1
placed as (
    select
        customer_id,
        indicator_id,
        raw_value,
        dimension,
        indicator_group,
        nominal_weight,
        higher_is_better,
        case
            when raw_value is null then null
            when lo is null then 0.5
            when hi - lo > 1e-12 then least(1, greatest(0, (transformed_value - lo) / (hi - lo)))
            when abs(transformed_value - lo) <= 1e-12 then 0.5
            when transformed_value > lo then 1
            else 0
        end as position_between
    from transformed
),

pointed as (
    select
        placed.customer_id,
        placed.indicator_id,
        placed.raw_value,
        placed.dimension,
        placed.nominal_weight,
        case
            when placed.higher_is_better then 100 * placed.position_between
            else 100 - 100 * placed.position_between
        end as points,
        case
            when placed.raw_value is null then 0
            else placed.nominal_weight * coalesce(factor.weight_factor, 0)
        end as effective_weight
    from placed
    left join {{ ref('score_weight_factor') }} as factor
        on
            placed.customer_id = factor.customer_id
            and placed.dimension = factor.dimension
            and placed.indicator_group = factor.indicator_group
)

select
    customer_id,
    indicator_id,
    dimension,
    nominal_weight,
    raw_value,
    points,
    effective_weight,
    effective_weight * coalesce(points, 0) as contribution
from pointed
