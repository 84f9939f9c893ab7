create function a() returns text language sql as $$ select ';' $$;
create function b() returns text language plpgsql as $body$ begin return $$;$$ || $x$ $body $x$; end; $body$;
select $ä_1$ ; $ä_1$; select $$$$; select $_$;$_$;
do $do$ begin perform 1; end $do$;