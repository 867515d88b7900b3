"""A running pipeline seen from outside: what `top` and `dashboard` show."""
