create function a(x int) returns int language sql begin atomic select x + 1; select x + 2; end;
create or replace function b() returns text language sql
BEGIN
  ATOMIC
  select case when true then case 1 when 1 then 'a' end else 'b' end;
  select 1 as ending;
END;
create procedure c() language sql begin atomic insert into t values (1); end; select 3;