select 1 as slice, 'c' || number as customer_id from generate_series(0, 9) as numbered (number)
union all
select 2, 'large' union all select 2, 'small' union all select 2, 'dormant' union all select 0, 'large'