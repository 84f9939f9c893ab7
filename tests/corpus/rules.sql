create rule r as on insert to t do also (update u set a = new.a; delete from v where a = new.a; notify w);
select (1), ((2)), '(' ; select ')';