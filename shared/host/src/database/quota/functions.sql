-- What budgets and limits need of PostgreSQL, of one version: what changes comes under a new name, so that instances of
-- two versions can run side by side. @ stands for the schema, and --; for the end of a statement. Money is in
-- picodollars, times are microseconds since 1970.
--
-- Locks are taken in this order, by everyone: reservations by id, then accounts by name. Who needs the homes of money
-- reads them after that, in a statement of its own: what it sees was committed together with what the accounts say.

CREATE TABLE IF NOT EXISTS @"Tollgate_Account" (
    account text COLLATE "C" PRIMARY KEY,
    used bigint NOT NULL DEFAULT 0,
    pending bigint NOT NULL DEFAULT 0,
    held bigint NOT NULL DEFAULT 0,
    ends bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 60);
--;

CREATE TABLE IF NOT EXISTS @"Tollgate_Reservation" (
    id text COLLATE "C" PRIMARY KEY,
    owner text NOT NULL,
    expires_at bigint NOT NULL,
    draws jsonb NOT NULL,
    record jsonb,
    settled boolean NOT NULL DEFAULT false
) WITH (fillfactor = 80);
--;

CREATE INDEX IF NOT EXISTS "Tollgate_Reservation_expires_at_idx" ON @"Tollgate_Reservation" (expires_at);
--;

-- What was spent, where the directory keeps it.
CREATE OR REPLACE FUNCTION @"tollgate_home_1"(place smallint, first text, second text, third text, starts bigint)
RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    spent double precision;
BEGIN
    CASE place
        WHEN 1 THEN SELECT spend INTO spent FROM @"LiteLLM_VerificationToken" WHERE token = first;
        WHEN 2 THEN SELECT spend INTO spent FROM @"LiteLLM_TeamTable" WHERE team_id = first;
        WHEN 3 THEN SELECT spend INTO spent FROM @"LiteLLM_UserTable" WHERE user_id = first;
        WHEN 4 THEN SELECT spend INTO spent FROM @"LiteLLM_TeamMembership" WHERE user_id = first AND team_id = second;
        WHEN 5 THEN SELECT spend INTO spent FROM @"LiteLLM_OrganizationTable" WHERE organization_id = first;
        WHEN 6 THEN SELECT spend INTO spent FROM @"LiteLLM_ProjectTable" WHERE project_id = first;
        WHEN 7 THEN SELECT spend INTO spent FROM @"LiteLLM_TagTable" WHERE tag_name = first;
        WHEN 8 THEN SELECT spend INTO spent FROM @"LiteLLM_EndUserTable" WHERE user_id = first;
        WHEN 9 THEN SELECT spend INTO spent FROM @"LiteLLM_ModelAccessGroupBudgetTable" WHERE access_group_name = first;
        -- What an older window spent counts as nothing.
        WHEN 10 THEN SELECT spend INTO spent FROM @"LiteLLM_BudgetWindowSpend"
            WHERE entity_type = first AND entity_id = second AND window_duration = third
              AND window_start >= to_timestamp(starts / 1000 / 1000.0) AT TIME ZONE 'UTC';
        ELSE spent := 0;
    END CASE;
    -- As much as the column holds.
    RETURN least(greatest(coalesce(spent, 0) * 1e12, 0), 9e18)::bigint;
END $$;
--;

-- Takes from every account or from none. The draws stand in the order of their accounts' names, each account once.
-- kinds: 1 money of a row, 2 money of a window, 3 requests, 4 tokens, 5 calls under way. limits: null is none.
-- rules: whether money may still reach its limit when it has been reached. span: how long a window is, or when it ends.
-- The answer: which draw is full (null: none), and the levels; where one is full, of that one alone.
CREATE OR REPLACE FUNCTION @"tollgate_reserve_1"(
    asked_at bigint, call_id text, call_owner text, expires_in bigint, is_strict boolean, call_record text,
    names text[], kinds smallint[], limits bigint[], rules boolean[], spans bigint[], wants bigint[],
    places smallint[], firsts text[], seconds text[], thirds text[], starts bigint[],
    OUT full_at integer, OUT levels bigint[], OUT helds bigint[], OUT resets bigint[]
) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    is_counted boolean[];
    locked text[];
    known integer;
    useds bigint[];
    pendings bigint[];
    closes bigint[];
    homes bigint[];
    at bigint;
    total bigint;
    is_full boolean;
BEGIN
    -- A crash of the database may lose the last calls that were let in, which is less than it loses of their answers.
    PERFORM set_config('synchronous_commit', 'off', true);
    -- What has no limit refuses nobody: it is not locked, so that whom everybody is added up under is no bottleneck.
    SELECT array_agg(kind > 2 OR lim IS NOT NULL ORDER BY n),
           array_agg(name ORDER BY n) FILTER (WHERE kind > 2 OR lim IS NOT NULL)
        INTO is_counted, locked FROM unnest(names, kinds, limits) WITH ORDINALITY AS d(name, kind, lim, n);
    SELECT count(*) INTO known FROM @"Tollgate_Account" WHERE account = ANY (locked);
    IF known < coalesce(array_length(locked, 1), 0) THEN
        INSERT INTO @"Tollgate_Account" (account) SELECT unnest(locked) ORDER BY 1 ON CONFLICT DO NOTHING;
    END IF;
    PERFORM 1 FROM @"Tollgate_Account" WHERE account = ANY (locked) ORDER BY account FOR UPDATE;
    SELECT array_agg(coalesce(a.used, 0) ORDER BY d.n), array_agg(coalesce(a.pending, 0) ORDER BY d.n),
           array_agg(coalesce(a.held, 0) ORDER BY d.n), array_agg(coalesce(a.ends, 0) ORDER BY d.n),
           array_agg(CASE WHEN d.kind > 2 THEN 0
               ELSE @"tollgate_home_1"(d.place, d.first, d.second, d.third, d.start) END ORDER BY d.n)
        INTO useds, pendings, helds, closes, homes
        FROM unnest(names, kinds, places, firsts, seconds, thirds, starts) WITH ORDINALITY
            AS d(name, kind, place, first, second, third, start, n)
        LEFT JOIN @"Tollgate_Account" a ON a.account = d.name;
    at := coalesce(asked_at, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
    levels := array_fill(0::bigint, ARRAY[coalesce(array_length(names, 1), 0)]);
    FOR i IN 1 .. coalesce(array_length(names, 1), 0) LOOP
        -- A window that is over takes what it holds with it.
        IF kinds[i] = 2 AND spans[i] > closes[i] THEN
            pendings[i] := 0; helds[i] := 0; closes[i] := spans[i];
        ELSIF kinds[i] IN (3, 4) AND closes[i] <= at THEN
            useds[i] := 0; helds[i] := 0; closes[i] := 0;
        END IF;
        total := homes[i] + useds[i] + pendings[i] + helds[i];
        is_full := CASE
            WHEN limits[i] IS NULL THEN false
            WHEN kinds[i] > 2 THEN total + wants[i] > limits[i]
            WHEN rules[i] AND total > limits[i] OR NOT rules[i] AND total >= limits[i] THEN true
            ELSE is_strict AND total + wants[i] > limits[i]
        END;
        IF is_full THEN
            full_at := i;
            levels := ARRAY[total]; helds := ARRAY[helds[i]]; resets := ARRAY[closes[i]];
            RETURN;
        END IF;
        IF kinds[i] IN (3, 4) AND closes[i] = 0 THEN
            closes[i] := at + spans[i];
        END IF;
        IF kinds[i] = 3 THEN
            useds[i] := useds[i] + wants[i];
        ELSIF is_counted[i] THEN
            helds[i] := helds[i] + wants[i];
        END IF;
        levels[i] := homes[i] + useds[i] + pendings[i] + helds[i];
    END LOOP;
    UPDATE @"Tollgate_Account" a SET used = d.used, pending = d.pending, held = d.held, ends = d.ends
        FROM unnest(names, is_counted, useds, pendings, helds, closes) AS d(name, counted, used, pending, held, ends)
        WHERE a.account = d.name AND d.counted;
    resets := closes;
    INSERT INTO @"Tollgate_Reservation" (id, owner, expires_at, draws, record)
        SELECT call_id, call_owner, at + expires_in,
               jsonb_agg(jsonb_build_array(name, kind, CASE WHEN counted THEN want ELSE 0 END, CASE WHEN kind IN (1, 5) THEN 0 ELSE e END)),
               call_record::jsonb
        FROM unnest(names, kinds, is_counted, wants, closes) AS d(name, kind, counted, want, e);
END $$;
--;

-- Replaces what calls have taken by what they used: cost, tokens of the prompt, of the answer, and which of these two a
-- token account counts the caller says, draw by draw, as it did when they were taken.
CREATE OR REPLACE FUNCTION @"tollgate_settle_1"(call_ids text[], call_names text[], amounts bigint[])
RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    found_ids text[];
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT array_agg(id) INTO found_ids FROM (
        SELECT id FROM @"Tollgate_Reservation" WHERE id = ANY (call_ids) AND NOT settled ORDER BY id FOR UPDATE
    ) AS open;
    IF found_ids IS NULL THEN
        RETURN;
    END IF;
    -- Money of accounts without a limit is not known yet.
    INSERT INTO @"Tollgate_Account" (account)
        SELECT DISTINCT name FROM unnest(call_ids, call_names) AS d(id, name)
        WHERE id = ANY (found_ids) AND NOT EXISTS (SELECT 1 FROM @"Tollgate_Account" a WHERE a.account = name)
        ORDER BY 1 ON CONFLICT DO NOTHING;
    PERFORM 1 FROM @"Tollgate_Account" WHERE account = ANY (call_names) ORDER BY account FOR UPDATE;
    -- Of an account's windows only the last one counts: what was used in an older one went with it. Money of a window
    -- without a limit is first heard of here, and begins it.
    UPDATE @"Tollgate_Account" a SET
            used = a.used + d.used,
            pending = CASE WHEN d.kind = 2 AND d.ends > a.ends THEN 0 ELSE a.pending END + d.pending,
            held = CASE WHEN d.kind = 2 AND d.ends > a.ends THEN 0 ELSE greatest(a.held - d.taken, 0) END,
            ends = CASE WHEN d.kind = 2 THEN d.ends ELSE a.ends END
        FROM (
            SELECT DISTINCT ON (name) name, kind, ends, sum(used)::bigint AS used, sum(pending)::bigint AS pending,
                   sum(taken)::bigint AS taken
            FROM (
                SELECT r.draw ->> 0 AS name, (r.draw ->> 1)::int AS kind, (r.draw ->> 3)::bigint AS ends,
                       CASE (r.draw ->> 1)::int WHEN 4 THEN d.amount ELSE 0 END AS used,
                       CASE WHEN (r.draw ->> 1)::int <= 2 THEN d.amount ELSE 0 END AS pending,
                       CASE (r.draw ->> 1)::int WHEN 3 THEN 0 ELSE (r.draw ->> 2)::bigint END AS taken
                FROM (
                    SELECT id, jsonb_array_elements(draws) AS draw
                    FROM @"Tollgate_Reservation" WHERE id = ANY (found_ids)
                ) AS r
                JOIN unnest(call_ids, call_names, amounts) AS d(id, name, amount)
                    ON d.id = r.id AND d.name = r.draw ->> 0
            ) AS each_draw
            GROUP BY name, kind, ends ORDER BY name, ends DESC
        ) AS d
        WHERE a.account = d.name AND (d.kind = 1 OR d.kind = 5 OR d.ends = a.ends OR d.kind = 2 AND d.ends > a.ends);
    -- What was spent stays until it is in its homes; nothing else is of use. Of a call that was refused after all no
    -- record comes.
    UPDATE @"Tollgate_Reservation" r SET settled = true, draws = (
            SELECT coalesce(jsonb_agg(jsonb_build_array(e.draw -> 0, e.draw -> 1, d.amount, e.draw -> 3)), '[]')
            FROM jsonb_array_elements(r.draws) AS e(draw)
            JOIN unnest(call_ids, call_names, amounts) AS d(id, name, amount) ON d.id = r.id AND d.name = e.draw ->> 0
            WHERE (e.draw ->> 1)::int <= 2 AND d.amount > 0
        )
        WHERE id = ANY (found_ids);
    DELETE FROM @"Tollgate_Reservation" WHERE id = ANY (found_ids) AND draws = '[]';
END $$;
--;

-- These calls' records are in the directory, in this transaction: what they cost is counted there. The last thing
-- before its end, because other calls wait for the accounts until then.
CREATE OR REPLACE FUNCTION @"tollgate_release_1"(call_ids text[])
RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    gone jsonb;
BEGIN
    PERFORM 1 FROM @"Tollgate_Reservation" WHERE id = ANY (call_ids) ORDER BY id FOR UPDATE;
    WITH deleted AS (
        DELETE FROM @"Tollgate_Reservation" WHERE id = ANY (call_ids) RETURNING draws, settled
    )
    SELECT jsonb_agg(draw || to_jsonb(settled)) INTO gone FROM deleted, jsonb_array_elements(draws) AS draw;
    IF gone IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM 1 FROM @"Tollgate_Account" WHERE account IN (SELECT draw ->> 0 FROM jsonb_array_elements(gone) AS draw)
        ORDER BY account FOR UPDATE;
    UPDATE @"Tollgate_Account" a SET pending = greatest(a.pending - d.spent, 0), held = greatest(a.held - d.taken, 0)
        FROM (
            SELECT draw ->> 0 AS name, (draw ->> 3)::bigint AS ends,
                   sum(CASE WHEN (draw ->> 4)::boolean THEN (draw ->> 2)::bigint ELSE 0 END)::bigint AS spent,
                   -- What was never settled gives back its money and its place; its tokens go with their window.
                   sum(CASE WHEN (draw ->> 4)::boolean OR (draw ->> 1)::int IN (3, 4) THEN 0 ELSE (draw ->> 2)::bigint END)::bigint AS taken
            FROM jsonb_array_elements(gone) AS draw GROUP BY 1, 2
        ) AS d
        WHERE a.account = d.name AND (d.ends = 0 OR d.ends = a.ends);
    RETURN (SELECT count(DISTINCT draw ->> 0) FROM jsonb_array_elements(gone) AS draw);
END $$;
--;

-- How far accounts are used; takes nothing.
CREATE OR REPLACE FUNCTION @"tollgate_levels_1"(
    asked_at bigint, names text[], kinds smallint[], spans bigint[],
    places smallint[], firsts text[], seconds text[], thirds text[], starts bigint[],
    OUT levels bigint[], OUT helds bigint[], OUT resets bigint[]
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    at bigint := coalesce(asked_at, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
BEGIN
    SELECT array_agg(home + CASE WHEN is_over THEN 0 ELSE used + pending + held END ORDER BY n),
           array_agg(CASE WHEN is_over THEN 0 ELSE held END ORDER BY n),
           array_agg(CASE WHEN NOT is_over THEN ends WHEN kind = 2 THEN span ELSE 0 END ORDER BY n)
        INTO levels, helds, resets
        FROM (
            SELECT d.n, d.kind, d.span, coalesce(a.used, 0) AS used, coalesce(a.pending, 0) AS pending,
                   coalesce(a.held, 0) AS held, coalesce(a.ends, 0) AS ends,
                   CASE WHEN d.kind = 2 THEN d.span > coalesce(a.ends, 0) WHEN d.kind IN (3, 4) THEN coalesce(a.ends, 0) <= at ELSE false END AS is_over,
                   CASE WHEN d.kind > 2 THEN 0 ELSE @"tollgate_home_1"(d.place, d.first, d.second, d.third, d.start) END AS home
            FROM unnest(names, kinds, spans, places, firsts, seconds, thirds, starts) WITH ORDINALITY
                AS d(name, kind, span, place, first, second, third, start, n)
            LEFT JOIN @"Tollgate_Account" a ON a.account = d.name
        ) AS found;
END $$;
--;

-- Calls of processes that have not come back for their records, and what is known of them. They stay locked until the
-- transaction ends, which writes their records and gives them up. given_up: what was to end before this.
CREATE OR REPLACE FUNCTION @"tollgate_lapsed_1"(given_up bigint, calls_max integer)
RETURNS TABLE (call_id text, call_record text) LANGUAGE sql VOLATILE AS $$
    SELECT id, record::text FROM @"Tollgate_Reservation" WHERE expires_at <= given_up AND record IS NOT NULL
    ORDER BY id LIMIT calls_max FOR UPDATE SKIP LOCKED
$$;
--;

-- These calls are charged by somebody else than their own process: that is noted, for a journal that comes all the same.
-- A note is a reservation of nothing, without a record. Those of before forgotten go.
CREATE OR REPLACE FUNCTION @"tollgate_give_up_1"(call_ids text[], noted_at bigint, forgotten bigint)
RETURNS void LANGUAGE sql VOLATILE AS $$
    DELETE FROM @"Tollgate_Reservation" WHERE expires_at <= forgotten AND record IS NULL AND settled;
    INSERT INTO @"Tollgate_Reservation" (id, owner, expires_at, draws, record, settled)
        SELECT call_id, 'given up', noted_at, '[]', NULL, true FROM unnest(call_ids) AS d(call_id)
        ON CONFLICT DO NOTHING
$$;
--;

-- Which of these calls have been charged by somebody else.
CREATE OR REPLACE FUNCTION @"tollgate_given_up_1"(call_ids text[])
RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(id), '{}') FROM @"Tollgate_Reservation"
    WHERE id = ANY (call_ids) AND record IS NULL AND settled
$$;
--;

-- Settles calls that nobody has settled in time, at the most that they can have used. Their cost stays on its way until
-- the record comes, which a journal may still have. How many there were.
CREATE OR REPLACE FUNCTION @"tollgate_lapse_1"(asked_at bigint, calls_max integer)
RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    ids text[];
    names text[];
    amounts bigint[];
BEGIN
    WITH lost AS (
        SELECT id, draws FROM @"Tollgate_Reservation" WHERE NOT settled
            AND expires_at <= coalesce(asked_at, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
        ORDER BY id LIMIT calls_max FOR UPDATE SKIP LOCKED
    )
    SELECT array_agg(id), array_agg(draw ->> 0), array_agg((draw ->> 2)::bigint) INTO ids, names, amounts
        FROM lost, jsonb_array_elements(draws) AS draw;
    IF ids IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM @"tollgate_settle_1"(ids, names, amounts);
    RETURN (SELECT count(DISTINCT id) FROM unnest(ids) AS id);
END $$;
