-- Helpers for the checks beside this file: each attempt runs as somebody, is judged, and is undone.
-- Include it first, as a superuser, in a transaction that is rolled back at the end.

create temp table person (name text primary key, role text not null, id uuid);
insert into person values
  ('alice', 'authenticated', 'a0000000-0000-4000-8000-000000000001'),
  ('bob', 'authenticated', 'a0000000-0000-4000-8000-000000000002'),
  ('nobody', 'authenticated', null),
  ('anon', 'anon', null),
  ('auditor', 'auditor', 'a0000000-0000-4000-8000-000000000009'),
  ('service', 'service_role', null),
  ('owner', 'postgres', null);

create function pg_temp.become(who text) returns void language plpgsql as $$
declare
  p person;
begin
  select * into strict p from person where name = who;
  perform set_config('request.jwt.claims',
    json_strip_nulls(json_build_object('role', p.role, 'sub', p.id))::text, true);
  perform set_config('role', p.role, true);
end
$$;

-- What happens: `ok` and the number of rows, or the SQLSTATE and the message. Nothing of it stays.
create function pg_temp.attempt(who text, statement text) returns text language plpgsql as $$
declare
  touched bigint;
begin
  begin
    perform pg_temp.become(who);
    execute statement;
    get diagnostics touched = row_count;
    raise exception using errcode = 'ZZ000', message = touched::text;
  exception
    when sqlstate 'ZZ000' then return 'ok ' || sqlerrm;
    when others then return sqlstate || ' ' || sqlerrm;
  end;
end
$$;

create temp table check_result (nr serial, who text, statement text, expected text, got text);

-- `expected` is a LIKE pattern for what `attempt` returns.
create function pg_temp.expect(who text, statement text, expected text) returns void language sql as $$
  insert into check_result (who, statement, expected, got)
  values (who, statement, expected, pg_temp.attempt(who, statement))
$$;

-- The same for a value: a query with one column and one row.
create function pg_temp.expect_value(statement text, expected text) returns void language plpgsql as $$
declare
  got text;
begin
  execute statement into got;
  insert into check_result (who, statement, expected, got) values ('', statement, expected, coalesce(got, 'null'));
end
$$;

-- Runs as somebody and stays.
create function pg_temp.does(who text, statement text) returns void language plpgsql as $$
begin
  perform pg_temp.become(who);
  execute statement;
  perform set_config('role', 'none', true);
  perform set_config('request.jwt.claims', '', true);
end
$$;

create function pg_temp.finish() returns text language plpgsql as $$
declare
  bad record;
  failures integer := 0;
begin
  for bad in select * from check_result where (got like expected) is not true order by nr loop
    failures := failures + 1;
    raise warning E'%: %\n  expected %\n  got      %', bad.who, bad.statement, bad.expected, bad.got;
  end loop;
  if failures > 0 then
    raise exception '% of % checks failed', failures, (select count(*) from check_result);
  end if;
  return format('%s checks passed', (select count(*) from check_result));
end
$$;
