select
    12.0 as slices_at_most, 30.0 as slice_step_days, 12 as history_months, 36 as gap_history_months,
    90 as recent_days, 365 as usual_days