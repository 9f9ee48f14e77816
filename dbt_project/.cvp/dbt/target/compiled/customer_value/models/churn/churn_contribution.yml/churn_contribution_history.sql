select
    'a' as customer_id, array[date '2024-01-01', date '2024-12-02', date '2025-01-01'] as edges,
    array[1.0, 2, 3] as line_counts_so_far, cast(array[6, 14, 30] as numeric[]) as volumes_so_far,
    array[60.0, 100, 160] as revenues_so_far, array[10.0, 40, 60] as costed_revenues_so_far,
    array[3.0, 5, 8] as costed_margins_so_far, array[1.0, 2, 3] as uncosted_line_counts_so_far