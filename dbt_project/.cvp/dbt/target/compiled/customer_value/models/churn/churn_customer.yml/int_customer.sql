
-- Fixture for int_customer
select 
    
    cast('seen' as text)
 as "customer_id", cast(null as text) as "customer_name", cast(null as text) as "industry", cast(null as text) as "region", cast(null as text) as "sales_department", cast(null as date) as "customer_since_on", cast(null as boolean) as "is_inferred", 
    
    cast(True as boolean)
 as "is_active", cast(null as date) as "first_line_on", cast(null as date) as "last_line_on", cast(null as text) as "account_manager_id", cast(null as text) as "salesperson_id"
union all
select 
    
    cast('dormant' as text)
 as "customer_id", cast(null as text) as "customer_name", cast(null as text) as "industry", cast(null as text) as "region", cast(null as text) as "sales_department", cast(null as date) as "customer_since_on", cast(null as boolean) as "is_inferred", 
    
    cast(True as boolean)
 as "is_active", cast(null as date) as "first_line_on", cast(null as date) as "last_line_on", cast(null as text) as "account_manager_id", cast(null as text) as "salesperson_id"
union all
select 
    
    cast('dormant_unvalidated' as text)
 as "customer_id", cast(null as text) as "customer_name", cast(null as text) as "industry", cast(null as text) as "region", cast(null as text) as "sales_department", cast(null as date) as "customer_since_on", cast(null as boolean) as "is_inferred", 
    
    cast(True as boolean)
 as "is_active", cast(null as date) as "first_line_on", cast(null as date) as "last_line_on", cast(null as text) as "account_manager_id", cast(null as text) as "salesperson_id"
union all
select 
    
    cast('unvalidated' as text)
 as "customer_id", cast(null as text) as "customer_name", cast(null as text) as "industry", cast(null as text) as "region", cast(null as text) as "sales_department", cast(null as date) as "customer_since_on", cast(null as boolean) as "is_inferred", 
    
    cast(True as boolean)
 as "is_active", cast(null as date) as "first_line_on", cast(null as date) as "last_line_on", cast(null as text) as "account_manager_id", cast(null as text) as "salesperson_id"
union all
select 
    
    cast('window_of_6_months' as text)
 as "customer_id", cast(null as text) as "customer_name", cast(null as text) as "industry", cast(null as text) as "region", cast(null as text) as "sales_department", cast(null as date) as "customer_since_on", cast(null as boolean) as "is_inferred", 
    
    cast(False as boolean)
 as "is_active", cast(null as date) as "first_line_on", cast(null as date) as "last_line_on", cast(null as text) as "account_manager_id", cast(null as text) as "salesperson_id"
union all
select 
    
    cast('gone' as text)
 as "customer_id", cast(null as text) as "customer_name", cast(null as text) as "industry", cast(null as text) as "region", cast(null as text) as "sales_department", cast(null as date) as "customer_since_on", cast(null as boolean) as "is_inferred", 
    
    cast(False as boolean)
 as "is_active", cast(null as date) as "first_line_on", cast(null as date) as "last_line_on", cast(null as text) as "account_manager_id", cast(null as text) as "salesperson_id"