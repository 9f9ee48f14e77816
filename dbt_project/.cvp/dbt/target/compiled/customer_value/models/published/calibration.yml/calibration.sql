
-- Fixture for calibration
select 
    
    cast(1 as integer)
 as "version", 
    
    cast('2025-06-30 17:30:00+00' as timestamp with time zone)
 as "made_at", cast(null as date) as "population_date", cast(null as integer) as "population_customers", cast(null as text) as "author", cast(null as text) as "reason", cast(null as text) as "method", cast(null as date) as "active_from_on", 
    
    cast(50 as double precision)
 as "median_current_score", 
    
    cast(40 as double precision)
 as "median_potential_score"
union all
select 
    
    cast(2 as integer)
 as "version", 
    
    cast('2025-06-30 17:30:00+00' as timestamp with time zone)
 as "made_at", cast(null as date) as "population_date", cast(null as integer) as "population_customers", cast(null as text) as "author", cast(null as text) as "reason", cast(null as text) as "method", cast(null as date) as "active_from_on", 
    
    cast(null as double precision)
 as "median_current_score", 
    
    cast(null as double precision)
 as "median_potential_score"