-- What a superuser has to make: a type as pgvector brings it, as far as a client sees it, and a server for foreign tables.
create type vector;
create function vector_in(cstring, oid, int) returns vector immutable strict language internal as 'varcharin';
create function vector_out(vector) returns cstring immutable strict language internal as 'varcharout';
create type vector (input = vector_in, output = vector_out, like = text);
do $$ begin
  if exists (select from pg_available_extensions where name = 'postgres_fdw') then
    create schema if not exists extensions;
    create extension postgres_fdw schema extensions;
    create server away foreign data wrapper postgres_fdw;
    grant usage on foreign server away to postgres;
  end if;
end $$;
