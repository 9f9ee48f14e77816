-- One row per active customer: its scores, what they could be if every value were known, and its quadrant.
-- Sums are numeric, which makes them independent of the rows' order; scores compare rounded to 9 decimals.
with summed as (
    select
        customer_id,
        sum(cast(contribution as numeric)) as value_score,
        {% for dimension in ['current', 'potential'] %}
            sum(cast(contribution as numeric)) filter (where dimension = '{{ dimension }}')
                as {{ dimension }}_contribution,
            sum(cast(effective_weight as numeric)) filter (where dimension = '{{ dimension }}')
                as {{ dimension }}_weight,
        {% endfor %}
        coalesce(sum(cast(nominal_weight * points as numeric)), 0) as nominal_score,
        coalesce(sum(cast(nominal_weight as numeric)) filter (where raw_value is not null), 0) as coverage
    from {{ ref('score_indicator') }}
    group by customer_id
),

-- weights are stored as binary fractions: their sums overshoot by 1e-15, a score may not
scored as (
    select
        customer_id,
        least(100, value_score) as value_score,
        case when current_weight > 0 then least(100, current_contribution / current_weight) end as current_value_score,
        case when potential_weight > 0 then least(100, potential_contribution / potential_weight) end
            as potential_value_score,
        least(100, value_score, nominal_score) as value_score_low,
        least(100, greatest(value_score, nominal_score + 100 * (1 - coverage))) as value_score_high,
        least(1, coverage) as coverage
    from summed
),

median as (
    select
        max(round(cast(median_current_score as numeric), 9)) as current_score,
        max(round(cast(median_potential_score as numeric), 9)) as potential_score
    from {{ ref('score_calibration') }}
),

placed as (
    select
        scored.customer_id,
        coalesce(round(scored.current_value_score, 9) >= median.current_score, false) as is_current_high,
        coalesce(round(scored.potential_value_score, 9) >= median.potential_score, false) as is_potential_high
    from scored
    cross join median
)

select
    scored.customer_id,
    cast(scored.value_score as double precision) as value_score,
    cast(scored.current_value_score as double precision) as current_value_score,
    cast(scored.potential_value_score as double precision) as potential_value_score,
    cast(scored.value_score_low as double precision) as value_score_low,
    cast(scored.value_score_high as double precision) as value_score_high,
    cast(scored.coverage as double precision) as coverage,
    case
        when placed.is_current_high and placed.is_potential_high then 'star'
        when placed.is_current_high then 'mainstay'
        when placed.is_potential_high then 'rising'
        else 'basic'
    end as value_quadrant
from scored
inner join placed on scored.customer_id = placed.customer_id
