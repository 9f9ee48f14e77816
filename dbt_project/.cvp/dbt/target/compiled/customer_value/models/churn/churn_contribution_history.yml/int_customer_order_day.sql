
-- Fixture for int_customer_order_day
select 
    
    cast('a' as text)
 as "customer_id", 
    
    cast('2023-12-02' as date)
 as "ordered_on", 
    
    cast('1' as bigint)
 as "line_count", 
    
    cast('1' as numeric)
 as "volume", 
    
    cast('1' as numeric)
 as "revenue", 
    
    cast('1' as numeric)
 as "costed_revenue", 
    
    cast('1' as numeric)
 as "costed_margin", 
    
    cast('0' as bigint)
 as "uncosted_line_count", cast(null as numeric) as "premium_revenue", cast(null as numeric) as "new_product_revenue"
union all
select 
    
    cast('a' as text)
 as "customer_id", 
    
    cast('2023-12-03' as date)
 as "ordered_on", 
    
    cast('1' as bigint)
 as "line_count", 
    
    cast('2' as numeric)
 as "volume", 
    
    cast('20' as numeric)
 as "revenue", 
    
    cast('10' as numeric)
 as "costed_revenue", 
    
    cast('1' as numeric)
 as "costed_margin", 
    
    cast('1' as bigint)
 as "uncosted_line_count", cast(null as numeric) as "premium_revenue", cast(null as numeric) as "new_product_revenue"
union all
select 
    
    cast('a' as text)
 as "customer_id", 
    
    cast('2024-01-01' as date)
 as "ordered_on", 
    
    cast('1' as bigint)
 as "line_count", 
    
    cast('4' as numeric)
 as "volume", 
    
    cast('40' as numeric)
 as "revenue", 
    
    cast('40' as numeric)
 as "costed_revenue", 
    
    cast('2' as numeric)
 as "costed_margin", 
    
    cast('0' as bigint)
 as "uncosted_line_count", cast(null as numeric) as "premium_revenue", cast(null as numeric) as "new_product_revenue"
union all
select 
    
    cast('a' as text)
 as "customer_id", 
    
    cast('2024-12-02' as date)
 as "ordered_on", 
    
    cast('2' as bigint)
 as "line_count", 
    
    cast('8' as numeric)
 as "volume", 
    
    cast('80' as numeric)
 as "revenue", 
    
    cast('80' as numeric)
 as "costed_revenue", 
    
    cast('4' as numeric)
 as "costed_margin", 
    
    cast('0' as bigint)
 as "uncosted_line_count", cast(null as numeric) as "premium_revenue", cast(null as numeric) as "new_product_revenue"
union all
select 
    
    cast('a' as text)
 as "customer_id", 
    
    cast('2025-01-01' as date)
 as "ordered_on", 
    
    cast('1' as bigint)
 as "line_count", 
    
    cast('16' as numeric)
 as "volume", 
    
    cast('160' as numeric)
 as "revenue", 
    
    cast('160' as numeric)
 as "costed_revenue", 
    
    cast('8' as numeric)
 as "costed_margin", 
    
    cast('0' as bigint)
 as "uncosted_line_count", cast(null as numeric) as "premium_revenue", cast(null as numeric) as "new_product_revenue"
union all
select 
    
    cast('a' as text)
 as "customer_id", 
    
    cast('2025-01-02' as date)
 as "ordered_on", 
    
    cast('1' as bigint)
 as "line_count", 
    
    cast('32' as numeric)
 as "volume", 
    
    cast('320' as numeric)
 as "revenue", 
    
    cast('320' as numeric)
 as "costed_revenue", 
    
    cast('16' as numeric)
 as "costed_margin", 
    
    cast('0' as bigint)
 as "uncosted_line_count", cast(null as numeric) as "premium_revenue", cast(null as numeric) as "new_product_revenue"
union all
select 
    
    cast('b' as text)
 as "customer_id", 
    
    cast('2024-12-03' as date)
 as "ordered_on", 
    
    cast('1' as bigint)
 as "line_count", 
    
    cast('64' as numeric)
 as "volume", 
    
    cast('640' as numeric)
 as "revenue", 
    
    cast('0' as numeric)
 as "costed_revenue", 
    
    cast('0' as numeric)
 as "costed_margin", 
    
    cast('1' as bigint)
 as "uncosted_line_count", cast(null as numeric) as "premium_revenue", cast(null as numeric) as "new_product_revenue"