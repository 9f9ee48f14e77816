-- One row per active customer and indicator: its value, its points and what they contribute to the value score.
select
    night.as_of_date,
    scored.customer_id,
    scored.indicator_id,
    registered.indicator_name,
    cast(scored.raw_value as numeric(38, 18)) as raw_value,
    scored.points,
    scored.effective_weight,
    scored.contribution
from {{ ref('score_indicator') }} as scored
cross join {{ ref('stg_night') }} as night
inner join {{ ref('indicator') }} as registered on scored.indicator_id = registered.indicator_id
