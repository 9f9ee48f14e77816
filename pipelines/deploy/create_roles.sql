-- Runs once, as the superuser, when the warehouse's volume is empty: the owner of the warehouse, its read-only role, and
-- Airflow's own database. Passwords come from the environment.
\getenv warehouse_password WAREHOUSE_PASSWORD
\getenv reader_password READER_PASSWORD
\getenv airflow_password AIRFLOW_DATABASE_PASSWORD

create role cvp_owner login password :'warehouse_password';
create role cvp_reader login password :'reader_password';
create role airflow login password :'airflow_password';

create database warehouse owner cvp_owner;
revoke all on database warehouse from public;
grant connect on database warehouse to cvp_reader;

create database airflow owner airflow;
revoke all on database airflow from public;
