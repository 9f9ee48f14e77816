-- One row per active customer and group of indicators that it has a value in: what the group's nominal weights grow by.
-- Nulls hand their weight over inside the group, empty groups inside the dimension, an empty dimension to the other.
-- A value that weighs 0 holds nothing up: its group or dimension is empty all the same.
-- Weights are summed as numeric: such sums do not depend on the order of rows, so a night twice gives equal bytes.
with calibration as (
    select
        indicator_id,
        dimension,
        indicator_group,
        cast(nominal_weight as numeric) as nominal_weight
    from {{ ref('score_calibration') }}
),

group_total as (
    select
        dimension,
        indicator_group,
        sum(nominal_weight) as group_weight,
        sum(sum(nominal_weight)) over (partition by dimension) as dimension_weight,
        sum(sum(nominal_weight)) over () as all_weight
    from calibration
    group by dimension, indicator_group
),

group_held as (
    select
        measured.customer_id,
        calibration.dimension,
        calibration.indicator_group,
        sum(calibration.nominal_weight) as present_weight
    from {{ ref('indicator_value') }} as measured
    inner join calibration on measured.indicator_id = calibration.indicator_id
    where measured.value is not null and calibration.nominal_weight > 0
    group by measured.customer_id, calibration.dimension, calibration.indicator_group
),

dimension_held as (
    select
        group_held.customer_id,
        group_held.dimension,
        sum(group_total.group_weight) as held_group_weight,
        sum(min(group_total.dimension_weight)) over (partition by group_held.customer_id) as held_dimension_weight
    from group_held
    inner join group_total
        on group_held.dimension = group_total.dimension and group_held.indicator_group = group_total.indicator_group
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
    on group_held.dimension = group_total.dimension and group_held.indicator_group = group_total.indicator_group
