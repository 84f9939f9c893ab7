begin;
create table a ();
savepoint s;
rollback to s;
commit;
