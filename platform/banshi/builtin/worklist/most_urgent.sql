WITH s({names}) AS ({places}),
e AS (
  SELECT s.*, c.* FROM s CROSS JOIN LATERAL (
    SELECT id, urgency, ROW_NUMBER() OVER (ORDER BY urgency, id) AS nth FROM (
      SELECT id, urgency FROM banshi_case
      WHERE {of_s} AND (urgency, id) > ({urgency}, {after}) ORDER BY urgency, id LIMIT {few}
    ) f
  ) c
),
far AS (SELECT urgency, id FROM e ORDER BY urgency, id OFFSET {most} - 1 LIMIT 1),
more AS (
  SELECT c.* FROM e CROSS JOIN LATERAL (
    SELECT id, urgency FROM banshi_case
    WHERE {of_e} AND (urgency, id) > (e.urgency, e.id)
    AND (urgency, id) < (COALESCE((SELECT urgency FROM far), 'infinity'), COALESCE((SELECT id FROM far), e.id))
    ORDER BY urgency, id LIMIT {most}
  ) c WHERE e.nth = {few}
),
found AS (SELECT id, urgency FROM e UNION ALL SELECT id, urgency FROM more ORDER BY urgency, id LIMIT {most})
SELECT {columns} FROM found JOIN banshi_case ON banshi_case.id = found.id ORDER BY found.urgency, found.id
