
-- Fixture for int_customer_order_day
select 
    
    cast('a' as text)
 as "customer_id", 
    
    cast('2025-03-01' as date)
 as "ordered_on", cast(null as bigint) as "line_count", 
    
    cast(5 as numeric)
 as "volume", cast(null as numeric) as "revenue", cast(null as numeric) as "costed_revenue", cast(null as numeric) as "costed_margin", cast(null as bigint) as "uncosted_line_count", cast(null as numeric) as "premium_revenue", cast(null as numeric) as "new_product_revenue"
union all
select 
    
    cast('a' as text)
 as "customer_id", 
    
    cast('2025-01-01' as date)
 as "ordered_on", cast(null as bigint) as "line_count", 
    
    cast(1.5 as numeric)
 as "volume", cast(null as numeric) as "revenue", cast(null as numeric) as "costed_revenue", cast(null as numeric) as "costed_margin", cast(null as bigint) as "uncosted_line_count", cast(null as numeric) as "premium_revenue", cast(null as numeric) as "new_product_revenue"