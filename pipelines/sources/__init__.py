"""The mapping files: what each source system calls the canonical entities and columns."""
