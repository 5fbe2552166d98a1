-- The statements of seed_city.py, by their parts; it fills in what stands in braces.

-- session: what is written faster without the disk, the keys and the indexes, which are made anew at the end.
SET synchronous_commit = off; SET work_mem = '256MB'; SET maintenance_work_mem = '1GB';
SET max_parallel_maintenance_workers = 2; SET session_replication_role = replica; SET jit = off;

-- functions: ids and moments by their numbers, and the tables of who and what there is.
CREATE FUNCTION seed_id(ms bigint, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (lpad(to_hex(ms), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid
$$;
CREATE FUNCTION seed_time(ms bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_timestamp(ms / 1000.0)
$$;
CREATE UNLOGGED TABLE seed_item (
    place int PRIMARY KEY, code text, department text, unit text, kind text, promised int, open text[], over text[]
);
CREATE UNLOGGED TABLE seed_person (who int, cases int);

-- cases: who has how many, and which: by time, as they would have come.
INSERT INTO seed_person
SELECT who, least({most}, 1 + floor(-ln(1 - random()) * {each}))::int
FROM (SELECT who FROM generate_series(1, {people}) AS who ORDER BY random() OFFSET 0) w;

CREATE UNLOGGED TABLE seed_case AS
SELECT row_number() OVER () AS n, k.* FROM (
    SELECT who, k, ({now} - 86400000.0 * {days} * (1 - (k - random()) / cases))::bigint AS ms,
           floor({items} * random() * random())::int AS item, random() AS chance, random() AS other
    FROM seed_person, generate_series(1, cases) AS k LIMIT {cases}
) k ORDER BY ms;

INSERT INTO banshi_case (id, number, item, item_version, kind, department, unit, state, person, person_name,
    answers, version, clock_allowed, clock_used, clock_since, due_on, due_provisional, urgency, renews, created_at,
    updated_at)
SELECT seed_id(ms, n), 'S' || n, i.code, 1, i.kind, i.department, i.unit,
    CASE WHEN is_open THEN i.open[1 + floor(other * cardinality(i.open))::int]
         ELSE i.over[1 + floor(other * cardinality(i.over))::int] END,
    'citizen-' || who, '居民' || who,
    jsonb_build_object('plate', '川B' || upper(substr(md5(n::text), 1, 5)), 'zones', '["2", "5"]'::jsonb,
        'purpose', md5(n::text) || repeat('为社区超市配送蔬菜', 8) || md5((-n)::text),
        'driver', jsonb_build_object('name', '居民' || who, 'phone', '138' || lpad(who::text, 8, '0'))),
    CASE WHEN is_open THEN 2 ELSE 3 END, i.promised, 0, CASE WHEN is_open THEN day END,
    CASE WHEN is_open THEN day + i.promised END, false,
    CASE WHEN is_open THEN day + i.promised ELSE DATE '9999-12-31' END, NULL,
    seed_time(ms), seed_time(least({now}, ms + (other * 400000000)::bigint))
FROM (SELECT *, seed_time(ms)::date AS day, chance < {forgotten} + exp(-({now} - ms) / 86400000.0 / {open_days})
      AS is_open FROM seed_case ORDER BY n) s JOIN seed_item i ON i.place = s.item;

INSERT INTO banshi_case_event (id, case_id, version, at, action, state_before, state, actor, actor_id, seal)
SELECT seed_id(ms + (v - 1) * 3600000, n * 4 + v), c.id, v, seed_time(ms + (v - 1) * 3600000),
    CASE v WHEN 1 THEN 'submit' WHEN 2 THEN 'accept' ELSE 'approve' END, '', c.state,
    CASE v WHEN 1 THEN 'citizen' ELSE 'staff' END,
    CASE v WHEN 1 THEN c.person ELSE 'officer-' || n % 500 END, 0
FROM seed_case s JOIN banshi_case c ON c.number = 'S' || s.n, generate_series(1, c.version) AS v;

INSERT INTO push_inbox_message (id, person, seq, kind, title, body, link, case_id, created_at, read_at, mode)
SELECT seed_id(ms + m * 3600000, -n * 4 - m), 'citizen-' || who, 2 * (k - 1) + m, 'case',
    jsonb_build_object('zh-CN', '您的申请有新进展', 'en', 'News of your application'),
    jsonb_build_object('zh-CN', '您的申请S' || n || '已受理，承办单位将在承诺时限内办结。',
        'en', 'Application S' || n || ' was accepted; it will be decided within the promised time.'),
    'banshi://cases/' || seed_id(ms, n), seed_id(ms, n), seed_time(ms + m * 3600000),
    CASE WHEN other < 0.6 THEN seed_time(ms + m * 7200000) END, 'live'
FROM seed_case, generate_series(1, 2) AS m ORDER BY n;

INSERT INTO push_inbox_counter (person, top) SELECT 'citizen-' || who, 2 * max(k) FROM seed_case GROUP BY who;

INSERT INTO banshi_attachment (id, person, case_id, name, media_type, size, sha256, created_at)
SELECT seed_id(ms, n * 2 + 1), 'citizen-' || who, seed_id(ms, n), '行驶证.jpg', 'image/jpeg', 200000,
    md5(n::text) || md5((-n)::text), seed_time(ms) FROM seed_case WHERE chance < 0.6 ORDER BY n;

INSERT INTO banshi_pass (number, case_id, item, department, kid, issued_at, expires_at, text)
SELECT n, seed_id(ms, n), i.code, i.department, '00000000', seed_time(ms), seed_time(ms + 31536000000),
    repeat(md5(n::text), 8)
FROM seed_case s JOIN seed_item i ON i.place = s.item WHERE other > 0.8 AND i.kind = 'application' ORDER BY n;

INSERT INTO banshi_counter (name, value) VALUES ('{passes}', {cases});

INSERT INTO push_delivery (message_id, device_id, provider, lane, state, code, provider_message, not_before,
    lease_until, expires, attempts, tries, settled_at)
SELECT seed_id(ms + 3600000, -n * 4 - 1), seed_id(ms, n + 7), 'fcm', 0,
    CASE WHEN n % 2000 = 0 THEN 'parked' WHEN n % 1000 = 0 THEN 'due' ELSE 'sent' END, '', 'projects/seed/' || n,
    CASE WHEN n % 1000 = 0 THEN {now} + 86400000 ELSE 0 END, 0, {now} + 864000000, 1, 1, ms
FROM seed_case WHERE chance < 0.8 ORDER BY n;

INSERT INTO banshi_outbox (id, consumer, topic, payload, lane, state, not_before, lease_until, attempts, tries,
    dedup, last_error, settled_at)
SELECT seed_id(ms, n * 8 + c), (ARRAY['channel:mobile_push', 'intake', 'listener:webhooks'])[c], 'message',
    jsonb_build_object('person', 'citizen-' || who, 'title', '您的申请有新进展'), 0,
    CASE WHEN n % 1500 = 0 THEN 'parked' WHEN n % 1000 = 0 THEN 'due' ELSE 'done' END,
    CASE WHEN n % 1000 = 0 THEN {now} + 86400000 ELSE 0 END, 0, 1, 1, c || ':seed:' || n, '',
    CASE WHEN n % 1000 <> 0 THEN ms END
FROM seed_case, generate_series(1, 3) AS c WHERE ms > {now} - 7 * 86400000::bigint ORDER BY n;

INSERT INTO banshi_idempotency_key (id, fingerprint, status, headers, body, created_at, person)
SELECT md5(n::text) || md5((n + 1)::text), md5(n::text) || md5(n::text), 201, '{{}}', repeat(md5(n::text), 20),
    seed_time(ms), 'citizen-' || who FROM seed_case WHERE ms > {now} - 7 * 86400000::bigint ORDER BY n;

INSERT INTO appointment_booking (case_id, item, person, slot_id, place, begins, ends, state, seat, live, drawn,
    internal, ticket, code, sequence, reminded_at)
SELECT seed_id(ms, n), i.code, 'citizen-' || who, seed_id({now} / 3600000, n % 10000), 'hall', at,
    at + interval '1 h',
    CASE WHEN at > seed_time({now}) THEN 'taken' ELSE 'over' END, NULL, NULL, 2147483647, false,
    substr(md5(n::text), 1, 16), md5(n::text), 0, at
FROM (SELECT *, seed_time(ms + 7 * 86400000::bigint) AS at FROM seed_case ORDER BY n) s
JOIN seed_item i ON i.place = s.item WHERE i.kind = 'appointment';

INSERT INTO query_look_up (id, item, department, register, asker, staff, purpose, at, found)
SELECT seed_id(ms, -n), i.code, i.department, 'seed', 'citizen-' || who, false, '', seed_time(ms), 1
FROM seed_case s JOIN seed_item i ON i.place = s.item WHERE chance > 0.9 ORDER BY n;

-- devices: everybody's phones, in the order in which they were registered.
INSERT INTO push_device (id, person, provider, token, token_hash, platform, language, created_at, seen_at, division,
    latitude, longitude)
SELECT seed_id({now} - 31536000000 + i * (31000000000 / {devices}), i),
    'citizen-' || 1 + i * 7919::bigint % {people},
    CASE WHEN i % 20 < 11 THEN 'fcm' WHEN i % 20 < 13 THEN 'webpush' ELSE 'stream' END,
    'seed-' || repeat(md5(i::text), 4), md5(i::text) || md5((-i)::text),
    CASE WHEN i % 20 < 13 THEN 'android' ELSE 'ios' END, CASE WHEN i % 10 = 0 THEN 'en' ELSE 'zh-CN' END,
    seed_time({now} - 31536000000), seed_time({now} - i % 2592000000),
    CASE WHEN i % 5 < 2 THEN '5107' || lpad((i % 9 + 1)::text, 2, '0') ELSE '' END,
    CASE WHEN i % 5 < 2 THEN 31.2 + random() / 2 END, CASE WHEN i % 5 < 2 THEN 104.5 + random() / 2 END
FROM generate_series(1, {devices}) AS i;

INSERT INTO push_profile (person, notices, timezone, read_seq, read_broadcast)
SELECT 'citizen-' || who, who % 10 > 0, '', who % 3, 0 FROM generate_series(1, {people}, 2) AS who;

INSERT INTO push_follow (person, topic)
SELECT 'citizen-' || who, (ARRAY['traffic.zones', 'exit_entry.notices', 'department:fire'])[1 + who % 3]
FROM generate_series(1, {people}, 4) AS who;

INSERT INTO push_receipt (message_id, device_id, person, received_at, opened_at)
SELECT seed_id({now} - i, i), seed_id({now} - i, -i), 'citizen-' || 1 + i % {people}, seed_time({now} - i), NULL
FROM generate_series(1, {devices} / 4) AS i;
