
-- Fixture for int_customer
select 
    
    cast('a' as text)
 as "customer_id", cast(null as text) as "customer_name", cast(null as text) as "industry", cast(null as text) as "region", cast(null as text) as "sales_department", cast(null as date) as "customer_since_on", cast(null as boolean) as "is_inferred", cast(null as boolean) as "is_active", 
    
    cast('2023-12-02' as date)
 as "first_line_on", cast(null as date) as "last_line_on", cast(null as text) as "account_manager_id", cast(null as text) as "salesperson_id"
union all
select 
    
    cast('b' as text)
 as "customer_id", cast(null as text) as "customer_name", cast(null as text) as "industry", cast(null as text) as "region", cast(null as text) as "sales_department", cast(null as date) as "customer_since_on", cast(null as boolean) as "is_inferred", cast(null as boolean) as "is_active", 
    
    cast('2025-01-01' as date)
 as "first_line_on", cast(null as date) as "last_line_on", cast(null as text) as "account_manager_id", cast(null as text) as "salesperson_id"
union all
select 
    
    cast('never' as text)
 as "customer_id", cast(null as text) as "customer_name", cast(null as text) as "industry", cast(null as text) as "region", cast(null as text) as "sales_department", cast(null as date) as "customer_since_on", cast(null as boolean) as "is_inferred", cast(null as boolean) as "is_active", 
    
    cast(null as date)
 as "first_line_on", cast(null as date) as "last_line_on", cast(null as text) as "account_manager_id", cast(null as text) as "salesperson_id"