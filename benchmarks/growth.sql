-- Bursts of promises: made, claimed, kept, and as many of the oldest deleted, each in a transaction.
CREATE SEQUENCE churned;
CREATE PROCEDURE churn(rounds int, burst int, kept bigint) LANGUAGE plpgsql AS $$
BEGIN
    FOR round IN 1..rounds LOOP
        INSERT INTO banshi_outbox (id, consumer, topic, payload, lane, state, not_before, lease_until, attempts, tries,
            dedup, trace, last_error)
        SELECT (lpad(to_hex(n), 12, '0') || '7' || substr(m, 1, 3) || '8' || substr(m, 4, 15))::uuid, 'intake',
            'submitted', jsonb_build_object('case', m), 0, 'due', 0, 0, 0, 0, 'intake:' || m || ':1', '', ''
        FROM (SELECT n, md5(n::text) AS m FROM (SELECT nextval('churned') AS n FROM generate_series(1, burst)) g) made;
        COMMIT;
        UPDATE banshi_outbox SET attempts = attempts + 1, tries = tries + 1, lease_until = 1 WHERE id IN (
            SELECT id FROM banshi_outbox WHERE consumer = 'intake' AND state = 'due' ORDER BY lane, id LIMIT burst
            FOR UPDATE SKIP LOCKED);
        COMMIT;
        UPDATE banshi_outbox SET state = 'done', settled_at = 1 WHERE consumer = 'intake' AND state = 'due';
        COMMIT;
        IF currval('churned') > kept THEN
            DELETE FROM banshi_outbox WHERE id IN (SELECT id FROM banshi_outbox ORDER BY id LIMIT burst);
            COMMIT;
        END IF;
    END LOOP;
END $$
