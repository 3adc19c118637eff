"""What people see of a result: each view draws one documented JSON document as text and tables."""
