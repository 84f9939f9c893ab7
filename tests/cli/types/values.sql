-- A table with every type that Postgres brings, and rows with the awkward values of each.
create type mood as enum ('ok', 'not "ok"', '');
create type place as (street text, numbers int[], mood mood);
create type visit as (at timestamptz, place place, places place[]);
create domain percent as numeric check (value between 0 and 100);
create domain percents as percent[];
create domain spot as place;
create table every_row (a int not null, b text not null, c date[]);
create table every_type (
  id int primary key,
  "smallint" int2, "integer" int4, "bigint" int8, "real" float4, "double" float8, "numeric" numeric, money numeric(6, 2), cash money,
  bool bool, bytes bytea, chars char(4), varchars varchar(4), text text, name name, one "char", uuid uuid,
  date date, time time, timetz timetz, timestamp timestamp, timestamptz timestamptz, interval interval,
  json json, jsonb jsonb, jsonpath jsonpath, xml xml, inet inet, cidr cidr, macaddr macaddr, macaddr8 macaddr8,
  bit bit(3), varbit varbit, point point, line line, lseg lseg, box box, path path, polygon polygon, circle circle,
  tsvector tsvector, tsquery tsquery, oid oid, xid xid, xid8 xid8, cid cid, tid tid, regclass regclass, regtype regtype, regproc regproc, regrole regrole, lsn pg_lsn,
  snapshot pg_snapshot, vector int2vector, oids oidvector,
  int4range int4range, int8range int8range, numrange numrange, tsrange tsrange, tstzrange tstzrange, daterange daterange,
  int4multirange int4multirange, datemultirange datemultirange,
  mood mood, place place, visit visit, percent percent, spot spot, row_of every_row,
  ints int[], bigints int8[], floats float8[], numerics numeric[], texts text[], bools bool[], dates date[], stamps timestamptz[],
  uuids uuid[], jsons jsonb[], moods mood[], places place[], visits visit[], percents percents, ranges int4range[], byteas bytea[], many_oids oid[]
);
insert into every_type (id) values (0);
insert into every_type values (1,
  -32768, 2147483647, 9223372036854775807, 1.5, 2.25, 12345.678900, 12.50, 12.5,
  true, '\x00ff', 'ab', 'ab', E'a "b" \\ \n ü 🙂', 'n', 'c', '12345678-1234-1234-1234-123456789abc',
  '2026-11-30', '10:11:12.123456', '10:11:12+05:30', '2026-11-30 10:11:12.5', '2026-11-30 10:11:12.123456+02', '1 year 2 days 03:04:05.6',
  '{"a":[1,null,{"b":1e300}]}', 'null', '$.a[*]', '<a>b</a>', '::1/64', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05',
  '101', '10', '(1,2)', '{1,2,3}', '[(1,2),(3,4)]', '(1,2),(3,4)', '((1,2),(3,4))', '((1,2),(3,4))', '<(1,2),3>',
  'a:1 b:2', 'a & b', 4294967295, '4294967295', '18446744073709551615', '1', '(0,1)', 'pg_class', 'int4', 'now', 'postgres', '16/B374D848',
  '10:20:10,14,15', '1 2 3', '1 2',
  '[1,5)', '(,5)', 'empty', '[2026-01-01,2026-02-01)', '[2026-01-01,infinity]', '[2026-01-01,)', '{[1,2),[5,6)}', '{}',
  'not "ok"', row('x', '{1,null}', 'ok'), row('2026-01-01', row(null, null, null), array[row('y', '{}', '')::place, null]), 100, row('s', '{{1},{2}}', null), row(1, 'x', '{infinity,null}'),
  '{1,2}', '{9223372036854775807}', '{1.5,NaN,Infinity,-Infinity}', '{0.1,NaN}', '{a,"",null,"NULL","b c"}', '{t,f}', '{2026-01-01,infinity}', '{2026-01-01 00:00:00+00,-infinity}',
  '{12345678-1234-1234-1234-123456789abc}', array['1', 'null', '{"a":1}']::jsonb[], array['ok', null]::mood[], array[row('z', null, null)::place], array[row(null, null, null)::visit], '{1,2.5}', array['[1,2)']::int4range[], array['\x01'::bytea], '{1,4294967295}');
insert into every_type (id, "smallint", "integer", "bigint", "real", "double", "numeric", money, bytes, date, time, timetz, timestamp, timestamptz, interval, jsonb, json, bit, ints, texts, jsons, moods, floats, visits, uuid) values
  (2, 32767, -2147483648, -9223372036854775808, 'NaN', 'Infinity', 'NaN', 'NaN', '', 'infinity', '24:00:00', '24:00:00+00', 'infinity', 'infinity', '-1 mons', '"NaN"', '[]', '000', '{{1,2},{3,null}}', '{{{a}},{{null}}}', array[array['1', 'null']]::jsonb[], array[array['ok']]::mood[], '{{NaN},{1}}', array[array[row(null, null, null)::visit]], 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'),
  (3, 0, 0, 0, '-Infinity', '-Infinity', '-Infinity', 0, '\xDEADBEEF', '-infinity', '00:00:00', '00:00:00-15:59:59', '-infinity', '-infinity', 'P0D', '{}', '1e400', '111', '[0:1]={7,8}', '{}', '{}', '{}', '{}', '{}', null),
  (4, null, null, 9007199254740993, 1e-40, 1e308, 'Infinity', null, null, '0044-03-15 BC', '23:59:59.999999', '00:00:00.1+00', '0044-03-15 10:00:00 BC', '0044-03-15 10:00:00+00 BC', '-00:00:00.000001', '[[]]', 'false', null, '{null}', '{null}', '{null}', '{null}', '{null}', '{null}', null),
  (5, null, null, 1, 0, -0.0, 1e-30, null, null, '5874897-12-31', null, null, '294276-12-31 23:59:59', '294276-12-31 23:59:59+00', null, '1e-7', null, null, null, null, null, null, null, null, null),
  (6, null, null, 1, 0, 0, 0, null, null, '4713-01-01 BC', null, null, '4713-01-01 BC', '1880-01-01 00:00:00+00', null, null, null, null, null, null, null, null, null, null, null);

-- Numbers within bounds. To Postgres, NaN is greater than every number.
create table bounded (
  id int primary key check (id > 0 and id < 100),
  least float8 check (least >= 0),
  most numeric check (most <= 10),
  finite numeric check (finite >= 0 and finite < 'Infinity'),
  real real check (real <> 'NaN'),
  whole bigint check (whole > 0),
  small smallint check (small >= 1 and small <= 12)
);
insert into bounded values (1, 'NaN', '-Infinity', 0, 'Infinity', 9223372036854775807, 12), (2, 'Infinity', 10, 12.5, '-Infinity', 1, 1), (3, 0, -1, null, 1.5, null, null);
grant select on every_type, bounded to service_role;
