select
  customer_id, promised_line_count_12m, on_time_line_count_12m, promised_line_count_recent,
  on_time_line_count_recent, cast(late_line_ids_recent as jsonb) as late_line_ids_recent
from (
  values
    ('floor', 20, 17, 20, 17, '["a/1"]'), ('under', 20, 10, 20, 10, '["a/1", "a/2", "b/1"]'),
    ('ten_points', 100, 100, 10, 9, '[]'), ('nine_points', 100, 100, 100, 91, '[]'),
    ('nothing', 20, 0, 0, 0, '[]'), ('not_active', 20, 0, 10, 0, '[]')
) as delivery (
  customer_id, promised_line_count_12m, on_time_line_count_12m, promised_line_count_recent,
  on_time_line_count_recent, late_line_ids_recent
)