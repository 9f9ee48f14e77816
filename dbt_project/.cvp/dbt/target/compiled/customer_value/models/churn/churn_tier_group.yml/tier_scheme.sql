
-- Fixture for tier_scheme
select 
    
    cast('three_tier' as text)
 as "scheme", 
    
    cast(1 as integer)
 as "position", 
    
    cast('core' as text)
 as "tier", 
    
    cast('prefix' as text)
 as "basis", 
    
    cast(0.8 as numeric)
 as "share", cast(null as numeric) as "grace_share", cast(null as text) as "reason"
union all
select 
    
    cast('three_tier' as text)
 as "scheme", 
    
    cast(2 as integer)
 as "position", 
    
    cast('important' as text)
 as "tier", 
    
    cast('best' as text)
 as "basis", 
    
    cast(0.25 as numeric)
 as "share", cast(null as numeric) as "grace_share", cast(null as text) as "reason"
union all
select 
    
    cast('three_tier' as text)
 as "scheme", 
    
    cast(3 as integer)
 as "position", 
    
    cast('general' as text)
 as "tier", 
    
    cast('rest' as text)
 as "basis", 
    
    cast(null as numeric)
 as "share", cast(null as numeric) as "grace_share", cast(null as text) as "reason"
union all
select 
    
    cast('other' as text)
 as "scheme", 
    
    cast(1 as integer)
 as "position", 
    
    cast('core' as text)
 as "tier", 
    
    cast('prefix' as text)
 as "basis", 
    
    cast(0.1 as numeric)
 as "share", cast(null as numeric) as "grace_share", cast(null as text) as "reason"