SELECT g.*, c.number, c.version, c.state, c.content, c.mode, c.person, c.person_name, c.answers, c.item, c.kind,
  e.state AS told, e.salt, e.row_digest
FROM (
  SELECT k.id, COUNT(e.id) AS steps, COALESCE(MAX(e.version), 0) AS newest
  FROM (SELECT id FROM banshi_case WHERE id > {0} ORDER BY id LIMIT {1}) k
  LEFT JOIN banshi_case_event e ON e.case_id = k.id GROUP BY k.id
) g
JOIN banshi_case c ON c.id = g.id
LEFT JOIN banshi_case_event e ON e.case_id = g.id AND e.version = g.newest
ORDER BY g.id
