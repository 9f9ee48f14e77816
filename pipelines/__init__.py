"""The customer value pipeline: how each step of the night is done. `dags/` says what runs and when."""
