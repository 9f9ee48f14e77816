"""The PostgreSQL warehouse: its server, its connection, the tables that are not dbt's."""
