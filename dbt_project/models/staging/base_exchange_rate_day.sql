-- One row per currency and day that has a rate: the latest one on or before the day, at most 7 days old.
with rate as (
    select
        currency,
        rate_on,
        rate,
        lead(rate_on) over (partition by currency order by rate_on) as next_rate_on
    from {{ ref('stg_exchange_rate') }}
),

age as (
    select days_old
    from (values (0), (1), (2), (3), (4), (5), (6), (7)) as allowed (days_old)
)

select
    rate.currency,
    rate.rate_on + age.days_old as day_on,
    rate.rate
from rate
inner join age on rate.next_rate_on is null or rate.rate_on + age.days_old < rate.next_rate_on
