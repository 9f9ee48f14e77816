select
    'back' as customer_id,
    array[
        date '2022-01-01', date '2023-06-01', date '2024-01-02', date '2024-10-03', date '2024-12-22',
        date '2025-06-30'
    ] as order_dates,
    array[1, 3, 7, 15, 31.5, 64] as volumes_so_far
union all
select 'late', array[date '2025-01-01', date '2025-07-01'], array[2, 3]
union all
select 'dormant', array[date '2023-01-02', date '2024-01-01'], array[2, 3]
union all
select 'gone', array[date '2023-01-01'], array[2]
union all
select 'not_yet', array[date '2025-01-02'], array[2]