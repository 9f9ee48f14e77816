select
    3.0 as gap_prior_count, 90 as recent_days, 365 as usual_days,
    array[0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5] as silence_cuts, array[2.0, 3, 5, 9, 17] as orders_cuts,
    array[0.5, 1, 1.5, 2, 3] as rhythm_cuts, array[0.5, 0.8, 1.25] as trend_cuts