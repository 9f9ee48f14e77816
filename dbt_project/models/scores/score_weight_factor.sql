-- One row per active customer and group of indicators that it has a value in: what the group's nominal weights grow by.
-- Nulls hand their weight over inside the group, empty groups inside the dimension, an empty dimension to the other.
-- A value that weighs 0 holds nothing up: its group or dimension is empty all the same.
-- Weights are summed as numeric: such sums do not depend on the order of rows, so a night twice gives equal bytes.
with calibration as (
    select
        judgement_set,
        indicator_id,
        dimension,
        indicator_group,
        cast(nominal_weight as numeric) as nominal_weight
    from {{ ref('score_calibration') }}
),

group_total as (
    select
        judgement_set,
        dimension,
        indicator_group,
        sum(nominal_weight) as group_weight,
        sum(sum(nominal_weight)) over (partition by judgement_set, dimension) as dimension_weight,
        sum(sum(nominal_weight)) over (partition by judgement_set) as all_weight
    from calibration
    group by judgement_set, dimension, indicator_group
),

group_held as (
    select
        measured.customer_id,
        calibration.judgement_set,
        calibration.dimension,
        calibration.indicator_group,
        sum(calibration.nominal_weight) as present_weight
    from {{ ref('indicator_value') }} as measured
    inner join {{ ref('customer_judgement_set') }} as kind on measured.customer_id = kind.customer_id
    inner join calibration
        on kind.judgement_set = calibration.judgement_set and measured.indicator_id = calibration.indicator_id
    where measured.value is not null and calibration.nominal_weight > 0
    group by measured.customer_id, calibration.judgement_set, calibration.dimension, calibration.indicator_group
),

dimension_held as (
    select
        group_held.customer_id,
        group_held.dimension,
        sum(group_total.group_weight) as held_group_weight,
        sum(min(group_total.dimension_weight)) over (partition by group_held.customer_id) as held_dimension_weight
    from group_held
    inner join group_total
        on
            group_held.judgement_set = group_total.judgement_set
            and group_held.dimension = group_total.dimension
            and group_held.indicator_group = group_total.indicator_group
    group by group_held.customer_id, group_held.dimension
)

select
    group_held.customer_id,
    group_held.dimension,
    group_held.indicator_group,
    cast({{ safe_ratio(
        'group_total.group_weight * group_total.dimension_weight * group_total.all_weight',
        'group_held.present_weight * dimension_held.held_group_weight * dimension_held.held_dimension_weight'
    ) }} as double precision) as weight_factor
from group_held
inner join dimension_held
    on group_held.customer_id = dimension_held.customer_id and group_held.dimension = dimension_held.dimension
inner join group_total
    on
        group_held.judgement_set = group_total.judgement_set
        and group_held.dimension = group_total.dimension
        and group_held.indicator_group = group_total.indicator_group
